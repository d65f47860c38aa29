# SPDX-License-Identifier: GPL-2.0
"""How Sphinx makes the pages. tools/testing/scripts/doc.sh runs it.

The extensions and the style sheet are the kernel's and are used where KSRC, a kernel's
source, has them.
"""

import os
import re
import sys

KSRC = os.environ["KSRC"]
TOP = os.path.abspath("..")

sys.path.insert(0, os.path.join(KSRC, "Documentation/sphinx"))


def version_of(path):
    """The version of the whole project."""
    with open(path, encoding="utf-8") as header:
        return re.search(r'^#define CARVEOUT_VERSION\s+"(.*)"$', header.read(), re.M).group(1)


project = "carveout"
version = release = version_of(os.path.join(TOP, "driver/version.h"))
# No date and no name: the same sources make the same pages.
copyright = "The carveout authors"
language = "en"
root_doc = "index"

extensions = ["kerneldoc", "automarkup"]
kerneldoc_bin = os.path.join(KSRC, "scripts/kernel-doc")
kerneldoc_srctree = TOP
primary_domain = "c"
highlight_language = "none"

# Attributes in prototypes that Sphinx does not know.
c_id_attributes = ["__must_check", "__user", "__iomem", "POSIX_TYPED_MEM_RESTRICT"]

html_theme = "alabaster"
html_static_path = [os.path.join(KSRC, "Documentation/sphinx-static"), "pages.css"]
html_css_files = ["custom.css", "pages.css"]
html_sidebars = {"**": ["about.html", "searchbox.html", "navigation.html"]}
html_theme_options = {
    "description": "Heaps of reserved memory, version " + version,
    "fixed_sidebar": True,
    "page_width": "70em",
    "sidebar_width": "16em",
    "show_powered_by": False,
}
html_copy_source = False
html_show_copyright = False
