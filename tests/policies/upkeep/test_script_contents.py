from datetime import UTC, datetime

from models.image_template import ScriptReference
from models.pipeline_record import BuiltScript
from models.scripts import ScriptContent, ScriptOrigin
from policies.upkeep.script_contents import scripts_as_built


def test_scripts_are_built_under_the_names_that_they_have_in_the_container():
    references = [reference("a.sh", "linux/a.sh"), reference("a.sh", "linux/a.sh"), reference("x.sh", "linux/x.sh")]
    of_upload = {"origin": ScriptOrigin.UPLOADED, "uploaded_at": datetime(2026, 3, 11, tzinfo=UTC)}
    contents = [
        ScriptContent(path="linux/a.sh", sha256="a", **of_upload),
        ScriptContent(path="linux/unused.sh", sha256="u"),
    ]
    assert scripts_as_built(references, contents) == (BuiltScript(path="a.sh", sha256="a", **of_upload),)


def reference(path, source_file):
    return ScriptReference(
        pointer="customize[0].scriptUri",
        address=f"https://s/c/{path}",
        account="s",
        container="c",
        path=path,
        source_file=source_file,
    )
