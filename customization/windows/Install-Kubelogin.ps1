# Installs kubelogin, with which kubectl signs in to Entra ID, for all users.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$customizationFiles = if ($env:CUSTOMIZATION_FILES) { $env:CUSTOMIZATION_FILES } else { "$env:SystemRoot\Temp" }
if (-not (Test-Path -LiteralPath "$customizationFiles\Installation.ps1")) {
    throw "kubelogin: FAILED: $customizationFiles\Installation.ps1 is missing; a File customizer must bring it."
}
. "$customizationFiles\Installation.ps1"

Invoke-Step 'kubelogin' {
    $version = $versions.KUBELOGIN_WINDOWS_VERSION
    $address = "https://github.com/Azure/kubelogin/releases/download/v$version/kubelogin-win-amd64.zip"
    $file = Save-Download $address $versions.KUBELOGIN_SHA256_WINDOWS_X64

    Install-Archive $file 'bin\windows_amd64\kubelogin.exe'

    Assert-Component 'kubelogin' $version kubelogin.exe '--version' 'git hash: v(\d+\.\d+\.\d+)'
}
