"""For each pattern of scripts, what it is found in and what is near to it and good."""

from typing import Final, NamedTuple

from configuration.scripts.text import Language


class Examples(NamedTuple):
    """Scripts that have a pattern, and scripts that do not; `inline` where they are the commands of a step."""

    bad: tuple[str, ...]
    good: tuple[str, ...]
    inline: bool = True


# Put together, so that no one who looks for secrets finds any here.
KEY: Final = "Ab3d" * 11
TOKEN: Final = "ghp_" + "a1B2" * 9
WORD: Final = "Pa55" + "w0rd!x"

SHELL: Final[dict[str, Examples]] = {
    "a good end whatever happened": Examples(
        ("#!/bin/bash\napt-get -y install jq\nexit 0", "#!/bin/bash\nfalse\ntrue\n# the end\n"),
        ("#!/bin/bash\nset -e\napt-get -y install jq\nexit 0", "#!/bin/bash -e\njq --version", "exit 1"),
        inline=False,
    ),
    "no end at a failure": Examples(
        ("#!/bin/bash\napt-get -y install jq\njq --version", "#!/bin/bash\nset -u\nset -x\nls"),
        (
            "#!/bin/bash\nset -euo pipefail\nls\nls",
            "#!/bin/sh -eu\nls\nls",
            "#!/bin/bash\nset -o errexit\nls\nls",
            "#!/bin/bash\n# to be sourced\nretry() {\n  ls\n  ls\n}\nTRIES=5\n",
            "ls",
        ),
        inline=False,
    ),
    "a failure forgiven": Examples(
        ("sudo apt-get -y install jq || true", "curl -fsSO https://e.org/a.tgz || echo 'no download'"),
        ("rm -f /tmp/a || true", "curl -fsSO https://e.org/a.tgz || exit 1", "grep -q x /etc/y || echo x >> /etc/y"),
    ),
    "a check that cannot fail": Examples(
        (
            "test -x /usr/bin/jq && echo found || echo ERROR",
            "[ -d /opt/tool ] && echo yes || echo no",
            "command -v terraform >/dev/null && echo ok || echo missing",
            "systemctl status docker || true",
            "az --version || echo 'no az'",
        ),
        (
            "test -x /usr/bin/jq",
            "[ -d /opt/tool ] || mkdir /opt/tool",
            "az --version || exit 1",
            "systemctl is-active docker",
        ),
    ),
    "a download straight into a shell": Examples(
        (
            "curl -sL https://e.org/install | sudo -E bash -",
            "wget -qO- https://e.org/i.sh | sh",
            "bash <(curl -s https://e.org/i.sh)",
            'sh -c "$(curl -fsSL https://e.org/i.sh)"',
            "curl -s https://e.org/get-pip.py | python3",
        ),
        (
            "curl -fsSL https://e.org/key.asc | gpg --dearmor -o /etc/apt/keyrings/e.gpg",
            "curl -fsS https://e.org/i.sh -o /tmp/i.sh",
            "curl -s https://e.org/v | tr -d v",
            "# curl https://e.org | bash",
            "echo 'do not curl https://e.org | bash'",
        ),
    ),
    "the build user's own place": Examples(
        (
            "mkdir -p $HOME/bin",
            "echo x >> ~/.bashrc",
            "usermod -aG docker $USER",
            "pip install --user yq",
            'f="${HOME}/x"',
        ),
        ("mkdir -p /opt/bin", "HOME=/root\nmkdir $HOME/x", "rm -rf ~/.cache", ". ~/lib.sh", "echo 'export A=$HOME/a'"),
    ),
    "a question to nobody": Examples(
        (
            "sudo apt install jq",
            "sudo DEBIAN_FRONTEND=noninteractive apt-get install jq",
            "apt-get upgrade",
            "true && apt-get remove jq",
            "yum install jq",
            "sudo add-apt-repository ppa:a/b",
            "read -p 'Name? ' name",
            "apt-get install \\\n  jq \\\n  yq",
        ),
        (
            "sudo apt-get -qq install jq",
            "apt-get install -y --no-install-recommends jq",
            "apt-get -o A=b install \\\n  -y jq",
            "apt-get update",
            "dnf -y install jq",
            "add-apt-repository -y ppa:a/b",
            "apt-cache policy install",
            "while read -r line; do ls; done < /tmp/a",
            'echo "run apt install jq"',
            "cat > /tmp/x <<EOF\napt install jq\nEOF",
        ),
    ),
    "an upgrade that may ask": Examples(
        ("sudo apt-get -y upgrade", "apt-get -y dist-upgrade"),
        ("export DEBIAN_FRONTEND=noninteractive\napt-get -y upgrade", "apt-get -y install upgrade-tool"),
    ),
    "bash read by sh": Examples(
        (
            "source /tmp/lib.sh",
            "if [[ -f /x ]]; then ls; fi",
            "set -o pipefail",
            "diff <(ls) /x",
            "a=(1 2)",
            "ls &> /x",
        ),
        (
            ". /tmp/lib.sh",
            "[ -f /x ]",
            "ls > /x 2>&1",
            "bash -c 'source /tmp/lib.sh'",
            "sudo bash -c '[[ -f /x ]]'",
            "echo $((1 << 2))",
        ),
    ),
    "a release written into the script": Examples(
        (
            "curl -o /etc/apt/a.list https://packages.e.org/config/ubuntu/22.04/prod.list",
            "echo 'deb https://e.org/apt focal main' | sudo tee /etc/apt/a.list",
            "wget https://e.org/dists/bionic/Release",
        ),
        (
            ". /etc/os-release\ncurl https://packages.e.org/config/ubuntu/$VERSION_ID/prod.list",
            'echo "deb https://e.org/apt $VERSION_CODENAME main" > /etc/apt/a.list',
            "curl -O https://e.org/tool/22.04.1/tool.tgz",
            "case $VERSION_CODENAME in focal) ls;; esac",
        ),
    ),
    "an open socket": Examples(
        ("sudo chmod 666 /var/run/docker.sock", "chmod a+rw /run/x.sock"),
        ("chmod 660 /var/run/docker.sock", "chmod 666 /tmp/file"),
    ),
    "a line that ends in CR": Examples(("ls /tmp\r", "a\nb\r\nc"), ("ls /tmp", "printf 'a\\r'")),
    "a path from where the step begins": Examples(
        ("./setup.sh", "sudo bash ./setup.sh --all", "chmod +x ./setup.sh"),
        (
            "cd /tmp\n./setup.sh",
            "  cd /tmp && ./setup.sh",
            "curl -o setup.sh https://e.org/1/s\n./setup.sh",
            "/tmp/setup.sh",
        ),
    ),
}

POWERSHELL: Final[dict[str, Examples]] = {
    "a good end whatever happened": Examples(
        ("Install-Tool\nexit 0", "Install-Tool\nexit 0 # good\n"),
        ("$ErrorActionPreference = 'Stop'\nInstall-Tool\nexit 0", "Install-Tool\nexit $code"),
    ),
    "no end at an error": Examples(
        ("New-Item -Path C:\\a\nCopy-Item a b", "$ErrorActionPreference = 'Continue'\nCopy-Item a b\nCopy-Item c d"),
        (
            "$ErrorActionPreference = 'Stop'\nNew-Item -Path C:\\a\nCopy-Item a b",
            "$global:ErrorActionPreference='Stop'\nCopy-Item a b\nCopy-Item a c",
            "Copy-Item a b",
            "function Copy-All {\n    Copy-Item a b\n    Copy-Item b c\n}\n",
        ),
    ),
    "an error passed over": Examples(
        (
            "try { Get-Tool } catch { Write-Warning $_ }",
            'try {\n  Get-Tool\n}\ncatch {\n  Write-Host "no: $_"\n}',
            "try { Get-Tool } catch [System.Exception] { }",
        ),
        (
            "try { Get-Tool } catch { Write-Host $_; throw }",
            "try { Get-Tool } catch { exit 1 }",
            "try {\n Get-Tool\n} catch {\n if ($n -gt 3) {\n  throw\n }\n}",
            "try { Get-Tool } catch { $failed += 1 }",
            "try { Get-Tool } catch { Write-Host 'never closed'",
        ),
    ),
    "an installer not waited for": Examples(
        ("Start-Process C:\\a.exe -ArgumentList '/S'", "msiexec /i C:\\a.msi /quiet", "& msiexec.exe /i C:\\a.msi /qn"),
        (
            "$p = Start-Process C:\\a.exe -Wait -PassThru\nif ($p.ExitCode -notin 0, 3010) { throw }",
            "Start-Process @options",
            "msiexec /i C:\\a.msi /quiet | Out-Null",
            "Start-Process C:\\a.exe `\n  -Wait -PassThru | ForEach-Object { $_.ExitCode }",
        ),
    ),
    "an exit code not looked at": Examples(
        ("Start-Process C:\\a.exe -Wait", "Start-Process msiexec.exe -Wait -ArgumentList '/i', 'C:\\a.msi'"),
        ("$p = Start-Process C:\\a.exe -Wait -PassThru\nif ($p.ExitCode -notin 0, 3010) { throw 'no' }",),
    ),
    "the exit code of another program": Examples(
        (
            "Start-Process C:\\a.exe -Wait\nif ($LASTEXITCODE -ne 0) { throw }",
            "Install-Module A -Force\nexit $LASTEXITCODE",
        ),
        ("az version\nif ($LASTEXITCODE -ne 0) { throw }", "& $tool\nexit $LASTEXITCODE"),
    ),
    "an exit code that is only returned": Examples(
        ("$p = Start-Process C:\\a.exe -Wait -PassThru\nreturn $p.ExitCode",),
        ("function Get-Code {\n  return $p.ExitCode\n}", "exit $p.ExitCode"),
    ),
    "a restart taken for a failure": Examples(
        ("$p = Start-Process msiexec.exe -Wait -PassThru\nif ($p.ExitCode -ne 0) { throw }",),
        (
            "$p = Start-Process msiexec.exe -Wait -PassThru\nif ($p.ExitCode -notin 0, 3010) { throw }",
            "$p = Start-Process C:\\tool.exe -Wait -PassThru\nif ($p.ExitCode -ne 0) { throw }",
        ),
    ),
    "a failure taken for success": Examples(
        ("if ($p.ExitCode -in @(0, 1603, 3010)) { 'fine' }",), ("if ($p.ExitCode -eq 1603) { throw 'fatal' }",)
    ),
    "the build user's own place": Examples(
        (
            "Set-ItemProperty -Path HKCU:\\Software\\A -Name b -Value 1",
            "Install-Module A -Force -Scope CurrentUser",
            "$folder = $env:PSModulePath.Split(';')[0]",
            "[Environment]::SetEnvironmentVariable('A', 'b', 'User')",
            "Add-LocalGroupMember -Group docker-users -Member $env:USERNAME",
            "Set-WinUserLanguageList de-DE -Force",
            "setx A b",
        ),
        (
            "Set-ItemProperty -Path HKLM:\\Software\\A -Name b -Value 1",
            "Install-Module A -Force -Scope AllUsers",
            "Set-ExecutionPolicy Bypass -Scope CurrentUser",
            "[Environment]::SetEnvironmentVariable('A', 'b', 'Machine')",
            "setx A b /m",
            "reg load HKU\\d C:\\Users\\Default\\NTUSER.DAT\nSet-Culture de-DE",
        ),
    ),
    "a question to nobody": Examples(
        (
            "Install-Module Az",
            "Install-PackageProvider NuGet",
            "choco install git",
            "winget install Git.Git",
            "Enable-WindowsOptionalFeature -Online -FeatureName A",
            "$name = Read-Host 'Name'",
        ),
        (
            "Install-Module Az -Force",
            "Set-PSRepository PSGallery -InstallationPolicy Trusted\nInstall-Module Az",
            "Install-PackageProvider NuGet -Force",
            "choco install git -y",
            "choco feature enable -n allowGlobalConfirmation\nchoco install git",
            "winget install Git.Git --accept-package-agreements --accept-source-agreements",
            "Enable-WindowsOptionalFeature -Online -FeatureName A -NoRestart",
            "Write-Host 'run Install-Module Az'",
            "<#\nInstall-Module Az\n#>",
            "$text = @'\nInstall-Module Az\n'@",
        ),
    ),
    "a download straight into a shell": Examples(
        (
            "iex ((New-Object Net.WebClient).DownloadString('https://e.org/i.ps1'))",
            "irm https://e.org/i.ps1 | iex",
            "Invoke-Expression (Invoke-WebRequest https://e.org/i.ps1).Content",
        ),
        ("Invoke-WebRequest https://e.org/i.ps1 -OutFile C:\\Windows\\Temp\\i.ps1", "Invoke-Expression $command"),
    ),
    "apps removed for one user": Examples(
        ("Get-AppxPackage *xbox* | Remove-AppxPackage",),
        (
            "Get-AppxPackage -AllUsers *xbox* | Remove-AppxPackage -AllUsers",
            "Remove-AppxPackage a\nRemove-AppxProvisionedPackage -Online -PackageName a",
        ),
    ),
    "a back-tick that is none": Examples(
        ("Start-Process C:\\a.exe `\n -Wait`\n -PassThru", "Copy-Item a ` \n b"),
        ("Copy-Item a `\n b", '"one`r`n"'),
    ),
    "a file that is a folder": Examples(
        ("Copy-Item C:\\a\\tool.exe\\ C:\\b", "Invoke-WebRequest https://e.org/1/a -OutFile C:\\Windows\\Temp\\"),
        ("Copy-Item C:\\a\\ C:\\b", "Invoke-WebRequest https://e.org/1/a -OutFile C:\\Windows\\Temp\\a.exe"),
    ),
    "a folder that nobody made": Examples(
        ("Invoke-WebRequest https://e.org/1/a -OutFile C:\\build\\a.exe", "Get-Date > C:\\build\\date.txt"),
        (
            "New-Item -ItemType Directory C:\\build\nInvoke-WebRequest https://e.org/1/a -OutFile C:\\build\\a.exe",
            "Invoke-WebRequest https://e.org/1/a -OutFile C:\\Windows\\Temp\\a.exe",
        ),
        inline=False,
    ),
    "a path from where the step begins": Examples(
        (".\\setup.exe /S", "& '.\\setup.ps1'"),
        ("Set-Location C:\\a\n.\\setup.exe /S", "& C:\\a\\setup.exe", "Save-It setup.exe\n.\\setup.exe"),
    ),
}

# Of these, the language does not matter where none is said: they are looked for in each.
ANY: Final[dict[str, Examples]] = {
    "a secret in clear": Examples(
        (
            f"curl 'https://a.blob.core.windows.net/c/f?sv=1&sig={KEY}'",
            f"az storage x --connection-string 'AccountName=a;AccountKey={KEY}=='",
            f"git clone https://{TOKEN}@github.com/a/b",
            f"git clone https://me:{WORD}@e.org/a/b",
            f"# {TOKEN}",
            f'password="{WORD}"',
            f"az login --service-principal -u a --password {WORD}",
            f"$p = ConvertTo-SecureString '{WORD}' -AsPlainText -Force",
            f"$env:API_KEY = '{WORD}'",
            "-----BEGIN RSA PRIVATE KEY-----",
            f"net user admin {WORD} /add",
        ),
        (
            "curl 'https://a.blob.core.windows.net/c/f?<SAS>'",
            "password=$1",
            'password="$(az keyvault secret show)"',
            "$secret = Get-AzKeyVaultSecret -VaultName a",
            "$p = ConvertTo-SecureString $env:P -AsPlainText -Force",
            "az login --identity",
            "git clone https://github.com/a/b",
            "git clone git@github.com:a/b",
            'export PASSWORD="<YourPassword>"',
            "PASSWORD=${PASSWORD}",
            "https://e.org/a@1.2/b",
        ),
    ),
    "a download of a private blob": Examples(
        (
            "curl -O https://stscripts.blob.core.windows.net/aibscripts/a.zip",
            "azcopy copy https://stscripts.blob.core.windows.net/x/a .",
        ),
        (
            "curl -O https://other.blob.core.windows.net/public/a.zip",
            "azcopy login --identity\nazcopy copy https://stscripts.blob.core.windows.net/x/a /tmp",
        ),
    ),
    "an address that moves": Examples(
        (
            "curl -O https://raw.githubusercontent.com/a/b/main/c.sh",
            "Invoke-WebRequest https://github.com/a/b/archive/refs/heads/master.zip -OutFile C:\\Windows\\a.zip",
            "url=https://aka.ms/thing",
            "curl -L https://github.com/a/b/releases/latest/download/c.tgz",
        ),
        (
            "curl -O https://raw.githubusercontent.com/a/b/v1.2.3/c.sh",
            "curl -L https://github.com/a/b/releases/download/v1/c.tgz",
            "url=https://aka.ms/thing\nsha256sum -c /tmp/sums",
        ),
    ),
    "a restart of its own": Examples(
        (
            "Restart-Computer -Force",
            "shutdown /r /t 0",
            "sudo reboot",
            "systemctl reboot",
            "Install-WindowsUpdate -AutoReboot",
        ),
        ("Write-Host 'Restart-Computer'", "msiexec /i C:\\a.msi /norestart | Out-Null", "ls /etc/reboot.d"),
    ),
    "a hand in the generalisation": Examples(
        (
            "(Get-Content C:\\DeprovisioningScript.ps1) -replace 'a', 'b' | Set-Content C:\\DeprovisioningScript.ps1",
            "C:\\Windows\\System32\\Sysprep\\sysprep.exe /oobe /generalize",
            "sudo waagent -force -deprovision+user",
            "sudo apt-get -y purge python3",
            "Stop-Service -Name WindowsAzureGuestAgent",
        ),
        (
            "sudo apt-get -y remove python3-yaml",
            "Get-Service RdAgent",
            "waagent --version",
            "Get-FileHash C:\\DeprovisioningScript.ps1",
        ),
    ),
    "a wait of a fixed time": Examples(
        ("sleep 120", "Start-Sleep -Seconds 180", "Start-Sleep 90"),
        (
            "sleep 5",
            "until curl -f https://e.org/a\ndo\n  sleep 60\ndone",
            "while ($true) {\n  Start-Sleep -Seconds 60\n}",
        ),
    ),
}

EXAMPLES: Final = {Language.BASH: SHELL, Language.POWERSHELL: POWERSHELL, Language.OTHER: ANY}
