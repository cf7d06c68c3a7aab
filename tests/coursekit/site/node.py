"""The site's classic scripts in Node: a page is stood in for by what they use of it."""

import json
import subprocess

from coursekit.site.frame import SCRIPTS
from coursekit.site.node import node_program

# What a script finds in a browser, as far as those under test here use it.
_BROWSER = r"""
const fs = require("fs"), vm = require("vm");
class Storage {
  constructor() { this.kept = new Map(); this.fault = null; }
  getItem(key) { this.refuse(); return this.kept.get(key) ?? null; }
  setItem(key, text) { this.refuse(); this.full(); this.kept.set(key, String(text)); }
  removeItem(key) { this.refuse(); this.kept.delete(key); }
  refuse() { if (this.fault === "forbidden") throw new Error("SecurityError"); }
  full() { if (this.fault === "full") throw new Error("QuotaExceededError"); }
}
globalThis.localStorage = new Storage();
globalThis.document = new EventTarget();
globalThis.browser = new EventTarget();
globalThis.addEventListener = browser.addEventListener.bind(browser);
document.querySelector = () => null;
document.querySelectorAll = () => [];
const load = (path) => vm.runInThisContext(fs.readFileSync(path, "utf8"), path);
"""


def node(source, *scripts, **values):
    """Return what `source` gives: a function's body, after these of our scripts.

    `values` are its variables; what it returns comes back as JSON does.
    """
    from coursekit.site import frame

    folder = frame.__file__.rpartition("/")[0] + "/scripts"
    names = [name for name in SCRIPTS if name in scripts]
    loads = "".join(f"load({json.dumps(f'{folder}/{name}.js')});\n" for name in names)
    given = f"const {{{', '.join(values)}}} = {json.dumps(values)};"
    body = f"{given}\nconst made = (async () => {{ {source} }})();"
    end = "made.then((value) => console.log(JSON.stringify(value ?? null)));"
    done = subprocess.run(
        [node_program(), "-"],
        input=f"{_BROWSER}{loads}{body}\n{end}",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
