# Installs AzCopy v10 for all users.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$customizationFiles = if ($env:CUSTOMIZATION_FILES) { $env:CUSTOMIZATION_FILES } else { "$env:SystemRoot\Temp" }
if (-not (Test-Path -LiteralPath "$customizationFiles\Installation.ps1")) {
    throw "AzCopy: FAILED: $customizationFiles\Installation.ps1 is missing; a File customizer must bring it."
}
. "$customizationFiles\Installation.ps1"

Invoke-Step 'AzCopy' {
    $version = $versions.AZCOPY_VERSION
    $releases = 'https://github.com/Azure/azure-storage-azcopy/releases/download'
    $address = "$releases/v$version/azcopy_windows_amd64_$version.zip"
    $file = Save-Download $address $versions.AZCOPY_SHA256_WINDOWS_X64

    Install-Archive $file "azcopy_windows_amd64_$version\azcopy.exe"

    Assert-Component 'AzCopy' $version azcopy.exe '--version' 'azcopy version (\S+)'
}
