# Installs the NuGet package provider of Windows PowerShell for all users; PowerShell 7 brings its own.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$customizationFiles = if ($env:CUSTOMIZATION_FILES) { $env:CUSTOMIZATION_FILES } else { "$env:SystemRoot\Temp" }
if (-not (Test-Path -LiteralPath "$customizationFiles\Installation.ps1")) {
    throw "NuGet package provider: FAILED: $customizationFiles\Installation.ps1 is missing; a File customizer must bring it."
}
. "$customizationFiles\Installation.ps1"

Invoke-Step 'NuGet package provider' {
    $version = $versions.NUGET_PROVIDER_VERSION
    Invoke-WithRetry 'Install-PackageProvider' {
        Install-PackageProvider -Name NuGet -RequiredVersion $version -Scope AllUsers -Force | Out-Null
    }
    $folder = "$env:ProgramFiles\PackageManagement\ProviderAssemblies\nuget\$version"
    Assert-Signature "$folder\Microsoft.PackageManagement.NuGetProvider.dll" 'Microsoft Corporation'

    $list = 'Get-PackageProvider -ListAvailable -Name NuGet | ForEach-Object { $_.Name + [char]32 + $_.Version }'
    $arguments = '-NoProfile', '-NonInteractive', '-Command', $list
    $pattern = "(?m)^NuGet ($([regex]::Escape($version)))\s*$"
    Assert-Component 'NuGet package provider' $version powershell.exe $arguments $pattern
}
