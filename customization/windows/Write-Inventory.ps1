# Writes name and version of everything that the scripts before it installed: into the log, and onto the image.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$customizationFiles = if ($env:CUSTOMIZATION_FILES) { $env:CUSTOMIZATION_FILES } else { "$env:SystemRoot\Temp" }
if (-not (Test-Path -LiteralPath "$customizationFiles\Installation.ps1")) {
    throw "Inventory: FAILED: $customizationFiles\Installation.ps1 is missing; a File customizer must bring it."
}
. "$customizationFiles\Installation.ps1"

Invoke-Step 'Inventory' {
    $entries = @(Get-Component | Sort-Object -Property name | ForEach-Object {
        $version = Get-ComponentVersion $_
        Write-Host "$($_.name) $version"
        [pscustomobject] @{ name = $_.name; version = $version }
    })
    if ($entries.Count -eq 0) {
        throw 'no script before it has installed anything.'
    }

    $before = (Get-Content -Raw -LiteralPath $generalisationFile).Trim()
    if ((Get-GeneralisationHash) -ne $before) {
        throw 'the script that Azure Image Builder generalises the machine with was changed by a step of this build.'
    }
    Remove-Item -LiteralPath $generalisationFile

    $system = Get-CimInstance -ClassName Win32_OperatingSystem
    $inventory = [pscustomobject] @{
        system = "$($system.Caption) $($system.Version)"
        architecture = $env:PROCESSOR_ARCHITECTURE.ToLowerInvariant()
        writtenAt = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ')
        generalisationScript = $before
        components = $entries
    }
    Set-Content -Encoding ASCII -LiteralPath $inventoryFile -Value (ConvertTo-Json -InputObject $inventory -Depth 4)
}
