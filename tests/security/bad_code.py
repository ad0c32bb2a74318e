"""Everything the rules of semgrep.yaml forbid, once each: never imported, only read by semgrep and its test."""

# ruff: noqa
# mypy: ignore-errors
import pickle
import random
import subprocess
import urllib.request

import yaml
from flask import redirect, request
from markupsafe import Markup
from sqlalchemy import text


def change(session, name):
    session.execute(text(f"UPDATE post SET title = '{name}'"))  # sql-from-strings
    session.commit()  # commit-in-an-operation


def show_entry(session, name):
    with transaction(session):  # writes-while-looking
        session.add(name)
    return Markup(f"<b>{name}</b>")  # markup-with-data


def other(data):
    yaml.load(data)  # yaml-that-makes-objects
    pickle.loads(data)  # code-from-data
    subprocess.run(data)  # starts-programs is at the import
    urllib.request.urlopen(data)  # outgoing-requests is at the import
    random.random()  # weak-chance is at the import
    return redirect(request.args.get("next"), 303)  # next-without-a-check
