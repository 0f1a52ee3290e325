# Installs the Azure CLI from Microsoft's installer, and its extension azure-devops, for all users.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$customizationFiles = if ($env:CUSTOMIZATION_FILES) { $env:CUSTOMIZATION_FILES } else { "$env:SystemRoot\Temp" }
if (-not (Test-Path -LiteralPath "$customizationFiles\Installation.ps1")) {
    throw "Azure CLI: FAILED: $customizationFiles\Installation.ps1 is missing; a File customizer must bring it."
}
. "$customizationFiles\Installation.ps1"

Invoke-Step 'Azure CLI' {
    $version = $versions.AZURE_CLI_WINDOWS_VERSION
    $extension = $versions.AZURE_DEVOPS_EXTENSION_VERSION
    $address = "https://azcliprod.blob.core.windows.net/msi/azure-cli-$version-x64.msi"
    $file = Save-Download $address $versions.AZURE_CLI_SHA256_WINDOWS_X64

    Install-Msi $file

    # --system puts the extension beside the CLI, where all users find it. The CLI checks the wheel against the SHA-256
    # in Microsoft's index. Its settings of this run stay out of the build user's profile.
    $env:AZURE_CONFIG_DIR = "$workFolder\azure"
    Invoke-WithRetry 'az extension add' {
        Invoke-Tool az.cmd 'extension', 'add', '--name', 'azure-devops', '--version', $extension, '--system', '--yes',
            '--only-show-errors'
    }
    Remove-Item -Path Env:\AZURE_CONFIG_DIR

    Assert-Component 'Azure CLI' $version az.cmd 'version' '"azure-cli": "([^"]+)"'
    Assert-Component 'Azure CLI extension azure-devops' $extension az.cmd 'version' '"azure-devops": "([^"]+)"'
}
