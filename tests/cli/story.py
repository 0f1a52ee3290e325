"""What the HTTP API says of one run, look by look."""

from copy import deepcopy
from typing import Any

VERSION_ID = (
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-images-sbx/providers/Microsoft.Compute"
    "/galleries/acg_images_sbx/images/ubuntu-lts/versions/1.0.25112"
)
TEMPLATE_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.VirtualMachineImages/imageTemplates/linux-t"


def at(seconds: int) -> str:
    return f"2026-11-25T10:{seconds // 60:02}:{seconds % 60:02}Z"


def step(name: str, start: int, end: int | None = None, state: str = "Succeeded", detail: str | None = None) -> Any:
    return {
        "name": name,
        "state": state if end is not None else "Running",
        "startedAt": at(start),
        "endedAt": None if end is None else at(end),
        "durationSeconds": None if end is None else float(end - start),
        "detail": detail,
    }


def build(run_state: str, *sub_states: tuple[str, int, int | None], message: str | None = None) -> Any:
    open_one = next((name for name, _, end in sub_states if end is None), None)
    return {
        "templateName": "linux-t",
        "templateId": TEMPLATE_ID,
        "runState": run_state,
        "runSubState": open_one,
        "startedAt": at(12),
        "endedAt": None if open_one or run_state == "NotStarted" else at(34),
        "subStates": [
            {"name": name, "startedAt": at(start), "endedAt": None if end is None else at(end)}
            for name, start, end in sub_states
        ],
        "message": message,
    }


def run(*steps: Any, **more: Any) -> Any:
    """A run of one stage; `more` are members of the stage, or of the run where they begin with `run_`."""
    stage = {
        "environment": "sbx",
        "state": "Running",
        "startedAt": at(0),
        "endedAt": None,
        "durationSeconds": None,
        "steps": list(steps),
        "build": None,
        "failure": None,
        "result": None,
        "remarks": [],
    }
    record = {
        "id": "linux-20261125-100000-abcdef",
        "image": "linux",
        "scope": "all",
        "startedBy": {"kind": "http", "who": None},
        "state": "Running",
        "startedAt": at(0),
        "endedAt": None,
        "stages": [stage],
        "failure": None,
    }
    for name, value in more.items():
        target, key = (record, name.removeprefix("run_")) if name.startswith("run_") else (stage, name)
        target[key] = value
    return record


CHECK = step("check", 0, 1)
INFRASTRUCTURE = step("infrastructure", 1, 7, detail="9 resources are there.")
SCRIPTS = step("scripts", 7, 8, detail="4 scripts are there.")
TEMPLATE = step("imageTemplate", 8, 12)
BUILD = step("build", 12, 34)
EARLIER = (CHECK, INFRASTRUCTURE, SCRIPTS, TEMPLATE)
SUB_STATES = (("Building", 12, 16), ("Customizing", 16, 28), ("Distributing", 28, 34))
SCRIPT_HASHES = [
    {"path": "linux/install_powershell.sh", "sha256": "aa" * 32},
    {"path": "linux/installation.sh", "sha256": "bb" * 32},
]
RESULT = {
    "imageVersionId": VERSION_ID,
    "replicationState": "Completed",
    "templateName": "linux-t",
    "exactSourceVersion": "24.04.202611120",
    "scripts": SCRIPT_HASHES,
    "logUrl": "https://127.0.0.1:10000/pool01/packerlogs/1b/customization.log",
    "outputs": [{"name": "gallery", "artifact": VERSION_ID}],
}
REMARK = {
    "file": "sbx.imageTemplate.linux.parameters.json",
    "path": "parameters.itParam.value.userAssignedIdentities",
    "line": 12,
    "column": 7,
    "value": None,
    "problem": "This member is not needed any more.",
    "instead": "leave it out",
}
OVER = {"state": "Succeeded", "endedAt": at(36), "run_state": "Succeeded", "run_endedAt": at(36)}

SUCCESS = [
    run(step("check", 0)),
    run(CHECK, step("infrastructure", 1)),
    run(*EARLIER, step("build", 12), build=build("NotStarted")),
    run(*EARLIER, step("build", 12), build=build("Running", ("Building", 12, None))),
    run(*EARLIER, step("build", 12), build=build("Running", ("Building", 12, 16), ("Customizing", 16, None))),
    run(
        *EARLIER, BUILD, step("publication", 34, 36),
        build=build("Succeeded", *SUB_STATES), result=RESULT, remarks=[REMARK], **OVER,
    ),
]  # fmt: skip


def failed(state: str) -> Any:
    """How the run looks when its build ended otherwise."""
    failure = {
        "code": "PackerBuildFailed",
        "message": "Script exited with non-zero exit status: 1.",
        "step": "build",
        "whatToDo": "See customization.log.",
    }
    return run(
        *EARLIER, step("build", 12, 34, state=state),
        build=build("Failed", *SUB_STATES[:2], message=failure["message"]),
        failure=failure, result={**deepcopy(RESULT), "imageVersionId": None, "outputs": []},
        state=state, endedAt=at(35), run_state=state, run_endedAt=at(35),
    )  # fmt: skip


def asked(state: str, **more: Any) -> Any:
    """How the run looks that needs an approval of the environment prd: waiting, or decided."""
    approval = {"environment": "prd", "state": state, "requestedAt": at(36), "deadline": at(600), **more}
    return run(*EARLIER, BUILD, build=build("Succeeded", *SUB_STATES), state="Succeeded", run_approvals=[approval])


WAITING = asked("Waiting")
APPROVED = asked(
    "Approved",
    decision={
        "id": "d", "decision": "approved", "reason": "looks good", "decidedAt": at(60),
        "who": {"name": "ada@example.org", "verified": False},
    },
)  # fmt: skip

FAULTS = {
    "type": "about:blank",
    "title": "The run was not started",
    "status": 400,
    "detail": "2 fault(s) to mend; nothing was changed.",
    "faults": [
        {
            "file": "sbx.imageInfra.parameters.json",
            "path": "parameters.saParam.value.name",
            "line": 31,
            "column": 17,
            "value": "Not_A_Name",
            "problem": "Azure refuses this name of a storage account.",
            "instead": "3 to 24 lower-case letters and digits",
        },
        {
            "file": "request",
            "path": "scope",
            "line": None,
            "column": None,
            "value": None,
            "problem": "This scope is unknown.",
            "instead": "all, only-image",
        },
    ],
}
SUMMARIES = [
    {
        "id": "linux-20261125-100000-abcdef",
        "image": "linux",
        "scope": "all",
        "state": "Running",
        "startedBy": {"kind": "http"},
        "startedAt": at(0),
        "endedAt": None,
        "statusUrl": "x",
    },
    {
        "id": "linux-20261124-100000-123456",
        "image": "linux",
        "scope": "only-image",
        "state": "PartiallySucceeded",
        "startedBy": {"kind": "timer", "month": "2026-11"},
        "startedAt": "2026-11-24T10:00:00Z",
        "endedAt": "2026-11-24T11:02:03Z",
        "statusUrl": "x",
    },
]

PLAN: dict[str, Any] = {
    "image": "linux",
    "scope": "all",
    "environments": [
        {
            "environment": "sbx",
            "steps": [
                {"name": "check", "does": ["Reads the parameter files."]},
                {
                    "name": "removal",
                    "does": [
                        "Keeps the build log of it-linux-1, and removes it.",
                        "Leaves the image template it-linux-2 alone: Its build is [Running].",
                    ],
                },
            ],
            "remarks": [
                {
                    "file": "pipeline.json",
                    "path": "environments[0].subscriptionId",
                    "line": 3,
                    "column": 9,
                    "value": None,
                    "problem": "Not registered.",
                    "instead": "nothing",
                },
                {
                    "file": "uploads/linux/install.sh",
                    "path": "",
                    "line": 7,
                    "column": None,
                    "value": None,
                    "problem": "It asks.",
                    "instead": "-y",
                },
            ],
        }
    ],
    "faults": [],
    "running": None,
}
IMAGES = [
    {
        "name": "linux",
        "osType": "Linux",
        "runOn": "linux-20261125-100000-abcdef",
        "patch": {
            "month": "2026-11",
            "because": "The patch of 2026-11 is the run linux-20261111-030000-00000a (Succeeded).",
            "nextAt": "2026-12-09T03:00:00Z",
            "paused": False,
        },
        "faults": 0,
        "environments": [
            {
                "environment": "sbx",
                "latest": {
                    "imageVersionId": "/subscriptions/s/resourceGroups/g/x/images/linux/versions/1.0.3",
                    "replicationState": "Completed",
                    "exactSourceVersion": "24.04.202611050",
                    "scripts": [],
                    "runId": "linux-20261111-030000-00000a",
                    "startedBy": {"kind": "timer", "month": "2026-11"},
                    "builtAt": "2026-11-23T07:00:00Z",
                    "ageSeconds": 184_000,
                },
                "rebuildIsDue": False,
                "rebuildBecause": [],
            },
            {
                "environment": "prd",
                "latest": None,
                "rebuildIsDue": True,
                "rebuildBecause": ["There is no successful build in prd yet."],
            },
        ],
    }
]
UPLOADS = {
    "uploads": [
        {
            "path": f"linux/{name}",
            "sha256": "aa" * 32,
            "size": 8,
            "uploadedAt": "2026-11-25T09:30:00Z",
            "images": images,
        }
        for name, images in (("install_powershell.sh", ["linux", "agents"]), ("spare.sh", []))
    ],
    "refused": [
        {
            "path": "Linux/a.sh",
            "etag": "0x1",
            "size": 8,
            "uploadedAt": "2026-11-25T09:30:00Z",
            "notedAt": "2026-11-25T09:30:01Z",
            "problem": "Wrong folder.",
            "instead": "Upload it as linux/a.sh.",
        }
    ],
}
