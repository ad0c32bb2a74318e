"""`flask user …`: the first admin, invitations from the console, and the code a demo account's app would show."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.accounts import demo, invitations
from directory.accounts.invitations import Wanted
from directory.accounts.letters import Post
from directory.accounts.models import Account, AccountGrant
from directory.accounts.roles import CONSOLE_ROLES, INVITED_BY
from directory.accounts.vault import Vault
from directory.app import database
from directory.db import transaction
from directory.mail.outbox import BadLetter
from directory.registry.countries import codes
from directory.site import Site

user_commands = AppGroup("user", help="Accounts: the first admin, invitations.")


def _site() -> Site:
    site: Site = current_app.extensions["site"]
    return site


def _post() -> Post:
    return Post(_site().settings.base_url, _site().now())


@user_commands.command("first-admin")
@click.argument("email")
@with_appcontext
def first_admin(email: str) -> None:
    """Print a link that makes the first administrator of the machine. Refused once there is one."""
    session = database.session()
    taken = select(AccountGrant.id).join(Account, AccountGrant.account_id == Account.id)
    if session.scalar(
        taken.where(
            AccountGrant.role == "admin", AccountGrant.ended_at.is_(None), Account.state == "active",
            Account.is_demo.is_(False),
        ).limit(1)
    ):  # fmt: skip
        raise click.ClickException(
            "There is an administrator already. Invite another: flask user invite EMAIL --role admin"
        )
    _print_link(session, Wanted(email, "admin"))


@user_commands.command("invite")
@click.argument("email")
@click.option("--role", required=True, type=click.Choice([*INVITED_BY, *CONSOLE_ROLES]))
@click.option("--country", metavar="CC", help="For a reader or coordinator.")
@click.option("--institution", "institution_id", metavar="ID", help="For a focal point or deputy.")
@with_appcontext
def invite(email: str, role: str, country: str | None, institution_id: str | None) -> None:
    """Print an invitation's link; hand it over yourself. It works once, for seven days."""
    if country is not None and country not in codes():
        raise click.UsageError(f"--country {country}: not known. Countries are two capitals such as RO.")
    _print_link(database.session(), Wanted(email, role, country, institution_id))


def _print_link(session: Session, wanted: Wanted) -> None:
    try:
        with transaction(session):
            link = invitations.invite_from_console(session, wanted, post=_post())
    except invitations.NotAllowed:
        raise click.UsageError(
            "A reader or coordinator needs --country, a focal point or deputy needs --institution, others neither."
        ) from None
    except BadLetter as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"For {wanted.email}, as {wanted.role}; works once, for seven days:\n{link}")


@user_commands.command("code")
@click.argument("email")
@with_appcontext
def code(email: str) -> None:
    """Print the code the authenticator app of a demo account would show now; demo mode only."""
    site = _site()
    found = demo.code_now(database.session(), Vault(site.settings.secret_keys), email, post=_post())
    if not site.settings.demo or found is None:
        raise click.ClickException("Only for the demo accounts, in demo mode (DIRECTORY_DEMO=yes).")
    click.echo(found)


def show_demo(session: Session) -> None:
    """In demo mode give the demo accounts new credentials and print them; else stop any there are."""
    site = _site()
    if not site.settings.demo:
        with transaction(session):
            demo.freeze_all(session)
        return
    with transaction(session):
        people = demo.renew(session, Vault(site.settings.secret_keys), cost=site.settings.password_cost, post=_post())
    click.echo("\n  Demo sign-ins, new at every start (second factor: the key for an app, or flask user code EMAIL):")
    for one in people:
        click.echo(f"    {one.role:<12} {one.place[:24]:<24} {one.email:<28} {one.password}  {one.secret}")
