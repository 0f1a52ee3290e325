# Proves, on a machine that was made from the image, each component of its inventory, and what Azure needs of it.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$customizationFiles = if ($env:CUSTOMIZATION_FILES) { $env:CUSTOMIZATION_FILES } else { "$env:SystemRoot\Temp" }
if (-not (Test-Path -LiteralPath "$customizationFiles\Installation.ps1")) {
    throw "Validation: FAILED: $customizationFiles\Installation.ps1 is missing; a File customizer must bring it."
}
. "$customizationFiles\Installation.ps1"

Invoke-Step 'Validation' {
    if (-not (Test-Path -LiteralPath $inventoryFile)) {
        throw "the image has no $inventoryFile; Write-Inventory.ps1 must be its last script."
    }
    $inventory = Get-Content -Raw -LiteralPath $inventoryFile | ConvertFrom-Json
    $components = @(Get-Component)
    $problems = @()

    # Each is looked at: a build that fails shall say all that is missing.
    foreach ($entry in $inventory.components) {
        $component = @($components | Where-Object { $_.name -eq $entry.name })
        try {
            $version = Get-ComponentVersion $component[0]
            Write-Host "$($entry.name) $version"
            if ($version -ne $entry.version) {
                $problems += "$($entry.name) says the version $version, but the inventory $($entry.version)."
            }
        }
        catch {
            $problems += "$($entry.name): $_"
        }
    }

    # Without its guest agent a machine is never ready for Azure.
    foreach ($service in 'RdAgent', 'WindowsAzureGuestAgent') {
        # Get-Service fails on services that it may not read, as Windows 11 has some.
        $found = Get-CimInstance -ClassName Win32_Service -Filter "Name = '$service' AND StartMode <> 'Disabled'"
        if ($null -eq $found) {
            $problems += "the guest agent's service $service is missing or disabled."
        }
    }
    # It may come after the inventory and be gone here: only two that are there can differ.
    $hashes = @((Get-GeneralisationHash), $inventory.generalisationScript)
    if ('none' -notin $hashes -and $hashes[0] -ne $hashes[1]) {
        $problems += 'the script that Azure Image Builder generalises the machine with was changed.'
    }

    if ($problems.Count -ne 0) {
        throw $problems -join ' '
    }
}
