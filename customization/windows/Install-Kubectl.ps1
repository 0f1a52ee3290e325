# Installs kubectl for all users.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$customizationFiles = if ($env:CUSTOMIZATION_FILES) { $env:CUSTOMIZATION_FILES } else { "$env:SystemRoot\Temp" }
if (-not (Test-Path -LiteralPath "$customizationFiles\Installation.ps1")) {
    throw "kubectl: FAILED: $customizationFiles\Installation.ps1 is missing; a File customizer must bring it."
}
. "$customizationFiles\Installation.ps1"

Invoke-Step 'kubectl' {
    $version = $versions.KUBECTL_VERSION
    $address = "https://dl.k8s.io/release/v$version/bin/windows/amd64/kubectl.exe"
    $file = Save-Download $address $versions.KUBECTL_SHA256_WINDOWS_X64

    Install-Program $file 'kubectl.exe'

    Assert-Component 'kubectl' $version kubectl.exe @('version', '--client') 'Client Version: v(\S+)'
}
