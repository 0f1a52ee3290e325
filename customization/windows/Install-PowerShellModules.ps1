# Installs PowerShell modules from the PowerShell Gallery for all users, for Windows PowerShell and PowerShell 7.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$customizationFiles = if ($env:CUSTOMIZATION_FILES) { $env:CUSTOMIZATION_FILES } else { "$env:SystemRoot\Temp" }
if (-not (Test-Path -LiteralPath "$customizationFiles\Installation.ps1")) {
    throw "PowerShell modules: FAILED: $customizationFiles\Installation.ps1 is missing; a File customizer must bring it."
}
. "$customizationFiles\Installation.ps1"

Invoke-Step 'PowerShell modules' {
    # Both find modules here. Without the check for dependencies, only versions that are written somewhere are
    # installed: in versions.env, and in the manifest of Az.
    $env:MODULE_FOLDER = $moduleFolder = "$env:ProgramFiles\WindowsPowerShell\Modules"
    $save = 'Save-PSResource -Name {0} -Version [{1}] -Path $env:MODULE_FOLDER -Repository PSGallery -TrustRepository ' +
        '-AcceptLicense -SkipDependencyCheck -IncludeXml -Quiet -ErrorAction Stop'
    $listParts = '(Import-PowerShellDataFile -LiteralPath $env:AZ_MANIFEST -SkipLimitCheck).RequiredModules | ' +
        'ForEach-Object { $_.ModuleName + [char]58 + ($_.RequiredVersion ?? $_.ModuleVersion) }'
    $list = 'Get-Module -ListAvailable | ForEach-Object { $_.Name + [char]32 + $_.Version }'
    $listArguments = '-NoProfile', '-NonInteractive', '-Command', $list

    # Invoke-PowerShell COMMAND: returns what PowerShell 7 says to it.
    function Invoke-PowerShell {
        param([string] $Command)
        return Invoke-Tool pwsh.exe '-NoProfile', '-NonInteractive', '-Command', $Command
    }

    # Save-ModuleVersion NAME VERSION: one that is there in this version is left as it is.
    function Save-ModuleVersion {
        param([string] $Name, [string] $Version)
        if (-not (Test-Path -LiteralPath "$moduleFolder\$Name\$Version\$Name.psd1")) {
            Invoke-WithRetry "Save-PSResource $Name" {
                Invoke-PowerShell ($save -f $Name, $Version)
            }
        }
        if (-not (Test-Path -LiteralPath "$moduleFolder\$Name\$Version\$Name.psd1")) {
            throw "$Name $Version is not in $moduleFolder."
        }
    }

    $keys = @($versions.Keys | Where-Object { $_ -match '^(WINDOWS_)?MODULE_' })
    $modules = @($keys | ForEach-Object { $versions[$_] })
    foreach ($module in $modules) {
        $name, $version = $module -split ':'
        Save-ModuleVersion $name $version
    }

    $azVersion = ($versions.MODULE_AZ -split ':')[1]
    $env:AZ_MANIFEST = "$moduleFolder\Az\$azVersion\Az.psd1"
    Assert-Signature $env:AZ_MANIFEST 'Microsoft Corporation'
    $parts = @((Invoke-PowerShell $listParts) -split "`n" | Where-Object { $_ })
    if ($parts.Count -eq 0) {
        throw "$env:AZ_MANIFEST names no parts."
    }
    foreach ($part in $parts) {
        $name, $version = $part -split ':'
        Save-ModuleVersion $name $version
        Assert-Signature "$moduleFolder\$name\$version\$name.psd1" 'Microsoft Corporation'
    }

    foreach ($module in $modules + $parts) {
        $name, $version = $module -split ':'
        $pattern = "(?m)^$([regex]::Escape($name)) ($([regex]::Escape($version)))\s*$"
        Assert-Component "PowerShell module $name" $version pwsh.exe $listArguments $pattern
    }
    $inWindowsPowerShell = Invoke-AsNewUser powershell.exe $listArguments
    foreach ($module in $modules + $parts) {
        $name, $version = $module -split ':'
        if ($inWindowsPowerShell -notmatch "(?m)^$([regex]::Escape("$name $version"))\s*$") {
            throw "Windows PowerShell does not find $name $version."
        }
    }
}
