# Installs Terraform for all users: the version of versions.env, or the newest one by HashiCorp's signature.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$customizationFiles = if ($env:CUSTOMIZATION_FILES) { $env:CUSTOMIZATION_FILES } else { "$env:SystemRoot\Temp" }
if (-not (Test-Path -LiteralPath "$customizationFiles\Installation.ps1")) {
    throw "Terraform: FAILED: $customizationFiles\Installation.ps1 is missing; a File customizer must bring it."
}
. "$customizationFiles\Installation.ps1"

Invoke-Step 'Terraform' {
    $version = $versions.TERRAFORM_VERSION
    $sha256 = $versions.TERRAFORM_SHA256_WINDOWS_X64
    $isNewest = $version -eq 'latest'
    if ($isNewest) {
        $answer = Save-Unchecked 'https://checkpoint-api.hashicorp.com/v1/check/terraform'
        $version = (Get-Content -Raw -LiteralPath $answer | ConvertFrom-Json).current_version
        $sums = Save-Unchecked "https://releases.hashicorp.com/terraform/$version/terraform_${version}_SHA256SUMS"
        $line = Select-String -LiteralPath $sums -Pattern "^([0-9a-f]{64})\s+terraform_${version}_windows_amd64\.zip$"
        if ($null -eq $line) {
            throw "the checksums of Terraform $version do not name its archive for Windows."
        }
        $sha256 = $line.Matches[0].Groups[1].Value
    }
    $address = "https://releases.hashicorp.com/terraform/$version/terraform_${version}_windows_amd64.zip"
    $file = Save-Download $address $sha256

    Install-Archive $file 'terraform.exe'
    if ($isNewest) {
        Assert-Signature (Find-Tool terraform.exe) 'HashiCorp, Inc.'
    }

    Assert-Component 'Terraform' $version terraform.exe 'version' 'Terraform v(\S+)'
}
