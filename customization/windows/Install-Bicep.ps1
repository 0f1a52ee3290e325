# Installs the Bicep CLI for all users.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$customizationFiles = if ($env:CUSTOMIZATION_FILES) { $env:CUSTOMIZATION_FILES } else { "$env:SystemRoot\Temp" }
if (-not (Test-Path -LiteralPath "$customizationFiles\Installation.ps1")) {
    throw "Bicep CLI: FAILED: $customizationFiles\Installation.ps1 is missing; a File customizer must bring it."
}
. "$customizationFiles\Installation.ps1"

Invoke-Step 'Bicep CLI' {
    $version = $versions.BICEP_VERSION
    $address = "https://github.com/Azure/bicep/releases/download/v$version/bicep-win-x64.exe"
    $file = Save-Download $address $versions.BICEP_SHA256_WINDOWS_X64

    Install-Program $file 'bicep.exe'

    Assert-Component 'Bicep CLI' $version bicep.exe '--version' 'Bicep CLI version (\S+)'
}
