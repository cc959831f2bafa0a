"""Files beside a program proper, by their paths: tools, scripts, tests and their support, examples, settings. Pure."""

import re

_FOLDERS = re.compile(
    r"(?:^|/)(?:[\w.-]*tools?|[\w.-]*tooling|scripts?[\w-]*|create-[\w-]+|bin|eng|build\w*|hack|ci|\.\w+|release\w*|packaging|installers?|setup"
    r"|examples?|samples?|demos?|tutorials?|playgrounds?|bench\w*|perf|[\w.-]*(?<!la)(?<!con)(?<!at)test(?:s|kit|ing)?(?:[._-][\w.-]*)?|[\w.-]*mocks?|fixtures?|e2e|specs?"
    r"|docs?|website|config\w*|settings|migrations?|cli|commands?|codegen|generators?|stor(?:ies|ybook)|vendor\w*"
    r"|dev\w*|contrib|templates?)/",
    re.I,
)
_FILES = re.compile(
    r"(?:^|/)(?:setup|conf|conftest|manage|noxfile|tasks|fabfile|__main__|cli|main|program|(?:generate|create|gulp|grunt|rollup|vite|webpack"
    r"|babel|jest|karma|next|nuxt)[\w.-]*|[\w.-]*(?:config\w*|settings|script|test\w*|spec|mock\w*|fixtures?|stories|bench\w*"
    r"|command|cli))\.\w+$",
    re.I,
)


def is_aside(path: str) -> bool:
    """Whether nobody waits for the code of a file: what is slow there costs once, what is open there ends soon."""
    return _FOLDERS.search(path) is not None or _FILES.search(path) is not None
