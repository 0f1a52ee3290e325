# Installs Chocolatey for all users, from the installer of its release.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$customizationFiles = if ($env:CUSTOMIZATION_FILES) { $env:CUSTOMIZATION_FILES } else { "$env:SystemRoot\Temp" }
if (-not (Test-Path -LiteralPath "$customizationFiles\Installation.ps1")) {
    throw "Chocolatey: FAILED: $customizationFiles\Installation.ps1 is missing; a File customizer must bring it."
}
. "$customizationFiles\Installation.ps1"

Invoke-Step 'Chocolatey' {
    $version = $versions.CHOCOLATEY_VERSION
    # Its installer refuses a machine that has Chocolatey, as one has that is built on an image of ours.
    if (Test-Path -LiteralPath "$env:ProgramData\chocolatey\bin\choco.exe") {
        Invoke-WithRetry 'choco upgrade' {
            Invoke-Tool choco.exe 'upgrade', 'chocolatey', '--version', $version, '--yes', '--no-progress'
        }
    }
    else {
        $releases = 'https://github.com/chocolatey/choco/releases/download'
        $address = "$releases/$version/chocolatey-$version.0.msi"
        $file = Save-Download $address $versions.CHOCOLATEY_SHA256_WINDOWS
        Install-Msi $file
    }

    Assert-Component 'Chocolatey' $version choco.exe '--version' '^(\d+\.\d+\.\d+)'
}
