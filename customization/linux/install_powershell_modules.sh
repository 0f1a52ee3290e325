#!/usr/bin/env bash
# Installs PowerShell modules from the PowerShell Gallery for all users: those of versions.env, and the parts of Az.
set -Eeuo pipefail

CUSTOMIZATION_FILES=${CUSTOMIZATION_FILES:-/tmp}
if [[ ! -r $CUSTOMIZATION_FILES/installation.sh ]]; then
    echo "PowerShell modules: FAILED: $CUSTOMIZATION_FILES/installation.sh is missing; a File customizer must bring it." >&2
    exit 1
fi
# shellcheck source=customization/linux/installation.sh
source "$CUSTOMIZATION_FILES/installation.sh"

begin "PowerShell modules"

# Arguments are modules as name:version. What they need stands in versions.env as well, and Az names its parts below:
# without the check for dependencies, only versions that are written somewhere are installed.
# shellcheck disable=SC2016  # PowerShell's variables
install='
    $ErrorActionPreference = "Stop"
    foreach ($module in $args) {
        $name, $version = $module -split ":"
        Write-Output "$name $version"
        Install-PSResource -Name $name -Version "[$version]" -Repository PSGallery -TrustRepository -AcceptLicense `
            -Scope AllUsers -SkipDependencyCheck -Quiet
    }'
# shellcheck disable=SC2016
list_parts='
    $ErrorActionPreference = "Stop"
    (Import-PowerShellDataFile -LiteralPath $args[0] -SkipLimitCheck).RequiredModules |
        ForEach-Object { "$($_.ModuleName):$($_.RequiredVersion ?? $_.ModuleVersion)" }'
# The newest of each first: it is the one that is loaded.
# shellcheck disable=SC2016
list_modules='Get-Module -ListAvailable | Sort-Object Version -Descending | ForEach-Object { "$($_.Name) $($_.Version)" }'

# run_powershell SCRIPT [ARGUMENT...]: with a home of its own, so that nothing is left in root's.
run_powershell() {
    HOME=$work_folder POWERSHELL_UPDATECHECK=Off \
        "$DESTDIR/usr/local/bin/pwsh" -NoProfile -NonInteractive -CommandWithArgs "$@"
}

modules=()
for key in $(compgen -v MODULE_); do
    modules+=("${!key}")
done
retry "Install-PSResource" run_powershell "$install" "${modules[@]}"

az=$DESTDIR/usr/local/share/powershell/Modules/Az/${MODULE_AZ#*:}/Az.psd1
run_powershell "$list_parts" "$az" >"$work_folder/parts"
mapfile -t parts <"$work_folder/parts"
if ((${#parts[@]} == 0)); then
    fail "$az names no parts."
fi
retry "Install-PSResource" run_powershell "$install" "${parts[@]}"

for module in "${modules[@]}" "${parts[@]}"; do
    prove "PowerShell module ${module%:*}" "${module#*:}" "${module%:*} " \
        pwsh -NoProfile -NonInteractive -Command "$list_modules"
done
prove "NuGet package provider" "*" "" \
    pwsh -NoProfile -NonInteractive -Command '(Get-PackageProvider -Name NuGet).Version.ToString()'
say "Done."
