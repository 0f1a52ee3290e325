# Functions that the scripts share, and the versions; for Windows PowerShell 5.1. Dot-sourced: File
# customizers bring this file and versions.env into one folder of the build VM, as Azure Image Builder downloads each
# script alone.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
# Windows PowerShell draws its bar after each piece of a download, which takes longer than the download.
$ProgressPreference = 'SilentlyContinue'
# Older releases of Windows offer less by themselves.
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12

if (-not (Test-Path -LiteralPath "$customizationFiles\versions.env")) {
    throw "FAILED: $customizationFiles\versions.env is missing; a File customizer must bring it."
}
$versions = Get-Content -Raw -LiteralPath "$customizationFiles\versions.env" | ConvertFrom-StringData

# How often what the network may spoil is tried, and how long to wait between two tries.
$retryTries = 5
$retryWaitSeconds = 15

$workFolder = Join-Path $env:SystemRoot "Temp\installation-$([guid]::NewGuid())"

# What stays on the image: programs that have no installer of their own, how each component is asked for its version,
# and what they answered.
$programFolder = Join-Path $env:ProgramFiles 'ImageBakery'
$recordFolder = Join-Path $env:ProgramData 'ImageBakery'
$componentsFile = Join-Path $recordFolder 'components.jsonl'
$inventoryFile = Join-Path $recordFolder 'inventory.json'
# There during a build alone: what the script that generalises the machine was like before the first step.
$generalisationFile = Join-Path $recordFolder 'generalisation.txt'

# What components have said so far, by the command.
$answers = @{}

# Invoke-Step NAME { ... }: the only way out but the end of the block is exit code 1, with a sentence that names the
# component, and with the lines that led there.
function Invoke-Step {
    param([string] $Name, [scriptblock] $Work)
    try {
        Write-Host "${Name}: Begins."
        Assert-BuildMachine
        New-Item -ItemType Directory -Path $workFolder | Out-Null
        New-Item -ItemType Directory -Force -Path $recordFolder | Out-Null
        if (-not (Test-Path -LiteralPath $generalisationFile)) {
            Set-Content -Encoding ASCII -LiteralPath $generalisationFile -Value (Get-GeneralisationHash)
        }
        & $Work
        Write-Host "${Name}: Done."
    }
    catch {
        [Console]::Error.WriteLine("${Name}: FAILED: $_")
        [Console]::Error.WriteLine($_.ScriptStackTrace)
        exit 1
    }
    finally {
        if (Test-Path -LiteralPath $workFolder) {
            Remove-Item -Recurse -Force -LiteralPath $workFolder -ErrorAction Continue
        }
    }
}

function Assert-BuildMachine {
    $user = [Security.Principal.WindowsPrincipal] [Security.Principal.WindowsIdentity]::GetCurrent()
    if (-not $user.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
        throw 'it is not run as an administrator; the customizer needs "runElevated": true.'
    }
    if ($env:PROCESSOR_ARCHITECTURE -ne 'AMD64') {
        throw "there is no installer for the architecture $env:PROCESSOR_ARCHITECTURE."
    }
}

# Get-GeneralisationHash: the SHA-256 of the script that Azure Image Builder ends a build with, or `none`.
function Get-GeneralisationHash {
    if (Test-Path -LiteralPath "$env:SystemDrive\DeprovisioningScript.ps1") {
        return (Get-FileHash -Algorithm SHA256 -LiteralPath "$env:SystemDrive\DeprovisioningScript.ps1").Hash
    }
    return 'none'
}

# Invoke-WithRetry WHAT { ... }: each try may fail, the last one ends the script.
function Invoke-WithRetry {
    param([string] $What, [scriptblock] $Action)
    for ($try = 1; $try -le $retryTries; $try++) {
        try {
            return & $Action
        }
        catch {
            Write-Host "$What failed (try $try of $retryTries): $_"
            if ($try -eq $retryTries) {
                throw "$What failed $retryTries times: $_"
            }
        }
        Start-Sleep -Seconds $retryWaitSeconds
    }
}

# Save-Unchecked ADDRESS: returns the file, of which nothing is known yet.
function Save-Unchecked {
    param([string] $Address)
    $file = Join-Path $workFolder ([uri] $Address).Segments[-1]
    Invoke-WithRetry "The download of $Address" {
        Invoke-WebRequest -UseBasicParsing -Uri $Address -OutFile $file -TimeoutSec 900
    }
    return $file
}

# Save-Download ADDRESS SHA256: returns the file.
function Save-Download {
    param([string] $Address, [string] $Sha256)
    $file = Save-Unchecked $Address
    $found = (Get-FileHash -Algorithm SHA256 -LiteralPath $file).Hash
    if ($found -ne $Sha256) {
        throw "$(Split-Path -Leaf $file) has the SHA-256 $found, but $Sha256 is expected."
    }
    return $file
}

# Assert-Signature FILE SIGNER: the file is as SIGNER has signed it.
function Assert-Signature {
    param([string] $File, [string] $Signer)
    $signature = Get-AuthenticodeSignature -LiteralPath $File
    if ($signature.Status -ne 'Valid') {
        throw "$File has no valid signature: $($signature.Status)."
    }
    $subject = $signature.SignerCertificate.Subject
    if ($subject -notmatch "\bO=`"?$([regex]::Escape($Signer))") {
        throw "$File is signed by $subject, but $Signer is expected."
    }
}

# Install-Archive FILE PATH: takes the program at PATH of a zip file.
function Install-Archive {
    param([string] $File, [string] $Path)
    $folder = Join-Path $workFolder 'archive'
    # Written in PowerShell, in a module: it does not see this script's $ErrorActionPreference.
    Expand-Archive -LiteralPath $File -DestinationPath $folder -ErrorAction Stop
    Install-Program (Join-Path $folder $Path) (Split-Path -Leaf $Path)
}

# Install-Program FILE NAME: puts a program where every user finds it.
function Install-Program {
    param([string] $File, [string] $Name)
    New-Item -ItemType Directory -Force -Path $programFolder | Out-Null
    Copy-Item -Force -LiteralPath $File -Destination (Join-Path $programFolder $Name)
    Add-MachinePath $programFolder
}

# Add-MachinePath FOLDER: variables that stand in the machine's PATH stay variables.
function Add-MachinePath {
    param([string] $Folder)
    $place = 'SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
    $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey($place, $true)
    $path = $key.GetValue('Path', '', 'DoNotExpandEnvironmentNames')
    if (($path -split ';') -notcontains $Folder) {
        $key.SetValue('Path', "$($path.TrimEnd(';'));$Folder", 'ExpandString')
    }
    $key.Close()
}

# Install-Msi FILE PROPERTY...: for all users, without a question and without a restart.
function Install-Msi {
    param([string] $File, [string[]] $Properties = @())
    $log = "$File.log"
    $arguments = @('/i', "`"$File`"", '/quiet', '/norestart', '/log', "`"$log`"", 'ALLUSERS=1') + $Properties
    # Another installation may be on, which msiexec refuses with 1618.
    Invoke-WithRetry "msiexec $arguments" {
        $process = Start-Process -FilePath msiexec.exe -ArgumentList $arguments -Wait -PassThru
        # 3010: it is installed, and in use after a restart.
        if ($process.ExitCode -notin 0, 3010) {
            if (Test-Path -LiteralPath $log) {
                Get-Content -LiteralPath $log -Tail 40 | Write-Host
            }
            throw "exit code $($process.ExitCode)."
        }
        if ($process.ExitCode -eq 3010) {
            Write-Host 'A restart is needed: a WindowsRestart customizer must follow.'
        }
    }
}

# Find-Tool NAME: returns the program that every user finds by the machine's PATH. This process has the PATH from before
# the installation, and the build user's own; a profile is gone once the image is generalised.
function Find-Tool {
    param([string] $Name)
    $env:Path = [Environment]::GetEnvironmentVariable('Path', 'Machine')
    $found = @(Get-Command -Name $Name -CommandType Application -ErrorAction SilentlyContinue)
    if ($found.Count -eq 0) {
        throw "$Name is not on the machine's PATH."
    }
    $tool = $found[0].Source
    if ($tool -like "$env:SystemDrive\Users\*") {
        throw "$tool is in a user's profile."
    }
    return $tool
}

# Invoke-Tool NAME ARGUMENT...: returns what it says.
function Invoke-Tool {
    param([string] $Name, [string[]] $Arguments)
    $tool = Find-Tool $Name
    $said = & $tool @Arguments
    if ($LASTEXITCODE -ne 0) {
        throw "'$tool $Arguments' ended with exit code $LASTEXITCODE."
    }
    return $said -join "`n"
}

# Invoke-AsNewUser NAME ARGUMENT...: returns what a program says to one whose profile is empty.
function Invoke-AsNewUser {
    param([string] $Name, [string[]] $Arguments)
    $profileFolder = Join-Path $workFolder 'profile'
    New-Item -ItemType Directory -Force -Path $profileFolder | Out-Null
    foreach ($variable in 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA') {
        Set-Item -Path "Env:\$variable" -Value $profileFolder
    }
    $env:PSModulePath = [Environment]::GetEnvironmentVariable('PSModulePath', 'Machine')
    return Invoke-Tool $Name $Arguments
}

# Get-Component: returns what is noted of each component, one a line.
function Get-Component {
    if (Test-Path -LiteralPath $componentsFile) {
        Get-Content -LiteralPath $componentsFile | ForEach-Object { ConvertFrom-Json -InputObject $_ }
    }
}

# Get-ComponentVersion COMPONENT: asks it, once for each command, and returns the first group of its pattern.
function Get-ComponentVersion {
    param([pscustomobject] $Component)
    $question = "$($Component.tool) $($Component.arguments)"
    if (-not $answers.ContainsKey($question)) {
        $answers[$question] = Invoke-AsNewUser $Component.tool $Component.arguments
    }
    if ($answers[$question] -notmatch $Component.pattern) {
        throw "'$question' does not tell the version of $($Component.name)."
    }
    return $Matches[1]
}

# Assert-Component NAME VERSION TOOL ARGUMENTS PATTERN: the component says VERSION where the first group of PATTERN is.
# It is noted for the inventory, in place of what was noted under this name.
function Assert-Component {
    param([string] $Name, [string] $Version, [string] $Tool, [string[]] $Arguments, [string] $Pattern)
    $component = [pscustomobject] @{ name = $Name; tool = $Tool; arguments = $Arguments; pattern = $Pattern }
    $said = Get-ComponentVersion $component
    if ($said -ne $Version) {
        throw "$Name says the version $said where $Version is expected."
    }
    $lines = @()
    if (Test-Path -LiteralPath $componentsFile) {
        $lines = @(Get-Content -LiteralPath $componentsFile | Where-Object {
            (ConvertFrom-Json -InputObject $_).name -ne $Name
        })
    }
    $lines += ConvertTo-Json -Compress -InputObject $component
    Set-Content -Encoding ASCII -LiteralPath $componentsFile -Value $lines
    Write-Host "$Name $said"
}
