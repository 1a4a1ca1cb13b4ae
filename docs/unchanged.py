"""Run a command and fail if it changes files: python docs/unchanged.py PATH… -- COMMAND…"""

import hashlib
import subprocess
import sys
from pathlib import Path


def contents(paths: list[str]) -> dict[str, str]:
    "Digest of every tracked or new file below `paths`."
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *paths],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    return {
        name: hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in listed if name and Path(name).is_file()
    }


def main() -> int:
    split = sys.argv.index("--")
    paths, command = sys.argv[1:split], sys.argv[split + 1 :]
    before = contents(paths)
    status = subprocess.run(command, check=False).returncode
    if status:
        return status
    after = contents(paths)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    for name in changed:
        print(f"changed by {command[0]}: {name}")
    if changed:
        subprocess.run(["git", "--no-pager", "diff", "--stat", "--", *changed], check=False)
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
