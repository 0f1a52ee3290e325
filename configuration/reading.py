"""Reads the whole configuration folder: every file, and all faults of all files in one report."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from configuration.checking.findings import Findings, file_names
from configuration.checking.json_with_comments import JsonPath
from configuration.checking.source_file import SourceFile
from configuration.image_template.comparison import Setting
from configuration.image_template.file import base_name_path, operator_path, read_image_template
from configuration.infrastructure_file import read_infrastructure
from configuration.pipeline_file import PIPELINE_FILE, read_pipeline
from models.configuration import Environment, ImageSettings, Infrastructure, PipelineConfiguration, StagePlan
from models.faults import Fault, Finding, Remark
from models.misfit import Misfit, Part

# Readings differ by the uploads that count, which differ by their moment.
READINGS_KEPT: Final = 4

type FolderState = frozenset[tuple[str, int, int, int]]

_INFRASTRUCTURE_FILE: Final = re.compile(r"[^.]+\.imageInfra\.parameters\.json")
_IMAGE_TEMPLATE_FILE: Final = re.compile(r"[^.]+\.imageTemplate(?:\.[^.]+){0,2}\.json")


@dataclass(frozen=True, slots=True)
class ConfigurationReading:
    """What came of reading the folder. `pipeline` is None where `pipeline.json` has faults."""

    pipeline: PipelineConfiguration | None
    faults: tuple[Fault, ...]
    remarks: tuple[Remark, ...]
    template_files: Mapping[tuple[str, str], str]
    sources: Mapping[str, SourceFile]
    plans: Mapping[tuple[str, str], StagePlan]

    def image(self, name: str) -> ImageSettings | None:
        """Return what `pipeline.json` says of an image, or None where it does not know it."""
        images = self.pipeline.images if self.pipeline else ()
        return next((image for image in images if image.name == name), None)

    def stage_plan(self, environment: str, image: str) -> StagePlan | None:
        """Return what a stage needs, or None where the files it needs have faults or it is not configured."""
        return None if self.faults_for([environment], image) else self.plans.get((environment, image))

    def faults_for(self, environments: Iterable[str], image: str) -> tuple[Fault, ...]:
        """Return the faults of the files that a run of the image through the environments needs."""
        return _of_files(self.faults, self._files(environments, image))

    def remarks_for(self, environments: Iterable[str], image: str) -> tuple[Remark, ...]:
        """Return the remarks on the files that a run of the image through the environments needs."""
        return _of_files(self.remarks, self._files(environments, image))

    def misfit_fault(self, environment: str, image: str, misfit: Misfit) -> Fault:
        """Return the fault, in the operator's file, of what only Azure could tell about a stage."""
        source, path = self._place(environment, image, misfit.part, misfit.path)
        return source.fault(path, misfit.problem, misfit.instead)

    def misfit_remark(self, environment: str, image: str, misfit: Misfit) -> Remark:
        """Return the remark, on the operator's file, of what only Azure could tell about a stage."""
        source, path = self._place(environment, image, misfit.part, misfit.path)
        return source.remark(path, misfit.problem, misfit.instead)

    def _place(self, environment: str, image: str, part: Part, path: JsonPath) -> tuple[SourceFile, JsonPath]:
        match part:
            case Part.ENVIRONMENT:
                names = [one.name for one in self.pipeline.environments] if self.pipeline else [environment]
                return self.sources[PIPELINE_FILE], ("environments", names.index(environment), *path)
            case Part.INFRASTRUCTURE:
                return self.sources[infrastructure_file(environment)], ("parameters", *path)
            case Part.IMAGE_TEMPLATE:
                source = self.sources[self.template_files[environment, image]]
                return source, operator_path(source, path)

    def _files(self, environments: Iterable[str], image: str) -> set[str]:
        names = list(environments)
        templates = {self.template_files.get((name, image), "") for name in names}
        return {PIPELINE_FILE, *map(infrastructure_file, names), *templates}


def read_configuration(
    folder: Path, customization: Path, uploaded: frozenset[str] = frozenset()
) -> ConfigurationReading:
    """Read the parameter files of a folder; `customization` is the folder of the scripts that come with the app.

    `uploaded` are the paths of scripts that are as good as there: uploads that count.

    Nothing is raised for what stands in the files, nor for files that are missing. Files that have not changed since
    they were last read are not read again.
    """
    return _reading(folder, customization, uploaded, (_state_of(folder), _state_of(customization)))


@lru_cache(maxsize=READINGS_KEPT)
def _reading(
    folder: Path, customization: Path, uploaded: frozenset[str], _states: tuple[FolderState, FolderState]
) -> ConfigurationReading:
    findings = Findings()
    source = findings.read(folder, PIPELINE_FILE)
    pipeline = read_pipeline(source, findings) if source else None
    template_files: dict[tuple[str, str], str] = {}
    plans: dict[tuple[str, str], StagePlan] = {}
    infrastructures: list[tuple[Environment, Infrastructure]] = []
    if pipeline is None:
        _read_without_pipeline(findings, folder)
    else:
        scripts = packaged_files(customization) | uploaded
        findings.wanted.update(_wanted_files(pipeline))
        subscription_ids = tuple(dict.fromkeys(one.subscription_id for one in pipeline.environments))
        for environment in pipeline.environments:
            source = findings.read(folder, infrastructure_file(environment.name))
            infrastructure = read_infrastructure(source, findings, environment) if source else None
            if infrastructure:
                infrastructures.append((environment, infrastructure))
            for image in pipeline.images:
                name = _image_template_file(findings, folder, _image_template_names(pipeline, environment, image))
                template_files[environment.name, image.name] = name
                setting = Setting(environment, image, infrastructure, scripts)
                plan = _read_stage(findings, folder, name, setting, subscription_ids)
                if plan:
                    plans[environment.name, image.name] = plan
    sources = {source.name: source for source in findings.sources}
    findings.faults.extend(_shared_template_names(sources, template_files, plans))
    findings.faults.extend(_shared_storage_accounts(sources, infrastructures))
    findings.tell_placeholders()
    faults, remarks = findings.in_reading_order(findings.faults), findings.in_reading_order(findings.remarks)
    return ConfigurationReading(pipeline, faults, remarks, template_files, sources, plans)


def _state_of(folder: Path) -> FolderState:
    """Return what changes with any file of a folder: their names, times and sizes."""
    return frozenset(
        (file.path, status.st_ino, status.st_mtime_ns, status.st_size)
        for file in _files_below(folder)
        if (status := file.stat(follow_symlinks=False))
    )


def _files_below(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    yield from _files_below(Path(entry.path))
    except OSError:
        return


def infrastructure_file(environment: str) -> str:
    """Return the name of an environment's infrastructure file."""
    return f"{environment}.imageInfra.parameters.json"


def packaged_files(customization: Path) -> frozenset[str]:
    """Return the paths of the files that come with the app, below `customization/`."""
    return frozenset(file.relative_to(customization).as_posix() for file in customization.rglob("*") if file.is_file())


def images_using(reading: ConfigurationReading, path: str) -> tuple[str, ...]:
    """Return the images that are built with the script at a path below `customization/`, in any environment."""
    users = {
        image
        for (_, image), plan in reading.plans.items()
        if any(script.source_file == path for script in plan.image_template.scripts)
    }
    return tuple(sorted(users))


def _wanted_files(pipeline: PipelineConfiguration) -> Iterator[str]:
    """Return the names of all files that say something about an environment or an image of the pipeline."""
    for environment in pipeline.environments:
        yield infrastructure_file(environment.name)
        for image in pipeline.images:
            yield from _image_template_names(pipeline, environment, image)


def _image_template_names(
    pipeline: PipelineConfiguration, environment: Environment, image: ImageSettings
) -> tuple[str, ...]:
    """Return the names that an image template's file may have; where there is one image, its own may be left out.

    A whole template in ARM's form needs no `.parameters` in the name.
    """
    stem = f"{environment.name}.imageTemplate"
    stems = (f"{stem}.{image.name}", *((stem,) if len(pipeline.images) == 1 else ()))
    return tuple(f"{each}{ending}" for each in stems for ending in (".parameters.json", ".json"))


def _image_template_file(findings: Findings, folder: Path, names: Sequence[str]) -> str:
    """Return the name that an image template's file has, of those that it may have; two files are a fault."""
    found = [name for name in names if (folder / name).exists()] or names[:1]
    findings.faults.extend(
        Fault(file=found[0], path="", problem=f"{other} describes the same image", instead="one of the two files")
        for other in found[1:]
    )
    return found[0]


def _read_stage(
    findings: Findings, folder: Path, name: str, setting: Setting, subscription_ids: tuple[str, ...]
) -> StagePlan | None:
    source = findings.read(folder, name)
    image_template = read_image_template(source, findings, setting) if source else None
    if image_template is None or setting.infrastructure is None:
        return None
    return StagePlan(
        environment=setting.environment,
        subscription_ids=subscription_ids,
        image=setting.image,
        infrastructure=setting.infrastructure,
        image_template=image_template,
    )


def _shared_template_names(
    sources: Mapping[str, SourceFile],
    template_files: Mapping[tuple[str, str], str],
    plans: Mapping[tuple[str, str], StagePlan],
) -> Iterator[Fault]:
    """Tell of image templates of different images that cannot be told apart by their names, say to remove old ones."""
    known: dict[tuple[str, str, str], str] = {}
    for (environment, image), plan in plans.items():
        template = plan.image_template
        place = (plan.environment.subscription_id, template.resource_group.lower(), template.base_name.lower())
        first = known.setdefault(place, image)
        if first != image:
            source = sources[template_files[environment, image]]
            problem = f"the image templates of {first} are called {template.base_name} already"
            yield source.fault(base_name_path(source), problem, "a name of its own for each image")


def _shared_storage_accounts(
    sources: Mapping[str, SourceFile], infrastructures: Iterable[tuple[Environment, Infrastructure]]
) -> Iterator[Fault]:
    """Tell of environments that would each make an account of the same name: there can be only one in all of Azure."""
    known: dict[str, tuple[str, tuple[str, str]]] = {}
    for environment, infrastructure in infrastructures:
        place = (environment.subscription_id.lower(), infrastructure.resource_group.lower())
        first, first_place = known.setdefault(infrastructure.storage_account, (environment.name, place))
        if first_place != place:
            problem = f"the storage account of {first} has this name, and there can be only one in all of Azure"
            path = ("parameters", "saParam", "value", "name")
            yield sources[infrastructure_file(environment.name)].fault(path, problem, "a name of its own")


def _read_without_pipeline(findings: Findings, folder: Path) -> None:
    """Check what the other files say by themselves, so that one report has the faults of all."""
    for name in file_names(folder):
        if _INFRASTRUCTURE_FILE.fullmatch(name) and (source := findings.read(folder, name)):
            read_infrastructure(source, findings, None)
        if _IMAGE_TEMPLATE_FILE.fullmatch(name) and (source := findings.read(folder, name)):
            read_image_template(source, findings, None)


def _of_files[Found: Finding](findings: tuple[Found, ...], files: set[str]) -> tuple[Found, ...]:
    return tuple(finding for finding in findings if finding.file in files)
