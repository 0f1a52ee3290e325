# Functions that the installation scripts share, and the versions; for Windows PowerShell 5.1. Dot-sourced: File
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

# Install-Component NAME { ... }: the only way out but the end of the block is exit code 1, with a sentence that names
# the component, and with the lines that led there.
function Install-Component {
    param([string] $Name, [scriptblock] $Installation)
    try {
        Write-Host "${Name}: Installing."
        Assert-BuildMachine
        New-Item -ItemType Directory -Path $workFolder | Out-Null
        & $Installation
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

# Save-Download ADDRESS SHA256: returns the file.
function Save-Download {
    param([string] $Address, [string] $Sha256)
    $file = Join-Path $workFolder ([uri] $Address).Segments[-1]
    Invoke-WithRetry "The download of $Address" {
        Invoke-WebRequest -UseBasicParsing -Uri $Address -OutFile $file -TimeoutSec 900
    }
    $found = (Get-FileHash -Algorithm SHA256 -LiteralPath $file).Hash
    if ($found -ne $Sha256) {
        throw "$(Split-Path -Leaf $file) has the SHA-256 $found, but versions.env says $Sha256."
    }
    return $file
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

# Assert-Tool NAME ARGUMENTS PATTERN: the tool, run with an empty profile, must say PATTERN.
function Assert-Tool {
    param([string] $Name, [string[]] $Arguments, [string] $Pattern)
    $profileFolder = Join-Path $workFolder 'profile'
    New-Item -ItemType Directory -Force -Path $profileFolder | Out-Null
    foreach ($variable in 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA') {
        Set-Item -Path "Env:\$variable" -Value $profileFolder
    }
    $said = Invoke-Tool $Name $Arguments
    if ($said -notlike $Pattern) {
        throw "'$Name $Arguments' says '$said' where '$Pattern' is expected."
    }
    Write-Host "'$Name $Arguments' says '$said'."
}
