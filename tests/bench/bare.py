"""The yardstick of the page benchmark: a bare Flask page, served the same way as the directory."""

from flask import Flask, render_template_string

app = Flask(__name__)


@app.get("/")
def page() -> str:
    return render_template_string("<!doctype html><html lang=en><title>Bare</title><h1>{{ word }}</h1>", word="Bare")
