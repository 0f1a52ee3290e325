# Installs PowerShell 7 for all users, from the installer of its release.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$customizationFiles = if ($env:CUSTOMIZATION_FILES) { $env:CUSTOMIZATION_FILES } else { "$env:SystemRoot\Temp" }
if (-not (Test-Path -LiteralPath "$customizationFiles\Installation.ps1")) {
    throw "PowerShell: FAILED: $customizationFiles\Installation.ps1 is missing; a File customizer must bring it."
}
. "$customizationFiles\Installation.ps1"

Invoke-Step 'PowerShell' {
    $version = $versions.POWERSHELL_VERSION
    $address = "https://github.com/PowerShell/PowerShell/releases/download/v$version/PowerShell-$version-win-x64.msi"
    $file = Save-Download $address $versions.POWERSHELL_SHA256_WINDOWS_X64

    # Without updates of its own (USE_MU, ENABLE_MU): a new version is a new image.
    Install-Msi $file 'ADD_PATH=1', 'USE_MU=0', 'ENABLE_MU=0'

    Assert-Component 'PowerShell' $version pwsh.exe '--version' '^PowerShell (\S+)'
}
