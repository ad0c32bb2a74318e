"""Writes names.txt: invented people of the region, among them many whose names are also countries, cities or peoples."""

from __future__ import annotations

import random
from pathlib import Path

GIVEN = """Georgia Jordan Chad Sofia Roman Florence Paris Vienna Milan Roma Romana Albana Albano Albania Israel Chelsea Carolina
Adelaide Victoria Lourdes Verona Siena Ravenna Savannah Austin Brooklyn India China Kenya Ireland Germana Germano Franca Franco
Olanda Svetlana Andrea Maria Ana Elena Ivan Ivana Petar Petra Marko Jovan Jovana Milica Nikola Stefan Stefania Luka Dragan Dragana
Zoran Goran Vesna Nevena Arben Arta Blerim Besa Driton Flamur Ilir Lindita Shpresa Valdete Ion Ioana Mihai Mihaela Andrei Cristina
Gheorghe Vasile Radu Dumitru László Ágnes Éva István Gábor Zsófia Katalin Jan Jana Jiří Tereza Lenka Tomáš Marek Giulia Marco Paola
Luca Chiara Francesca João Inês Rui Beatriz Tiago Hans Greta Jürgen Anke Claire Luc Amélie Димитър Георги Иванка Стоян Елена Марија
Никола Горан Весна Јована Милан Драган""".split()
FAMILY = """Smith Brown Rossi Papadopoulou Kováč Dubois Müller Schmidt Popescu Ionescu Rusu Turcu Ungureanu Moldovan Munteanu Bulgaru
Grecu Albu Sârbu Neamțu Rumen Bulgarelli Romano Romani Romanov Romanova Tedesco Napolitano Milani Parisi Toscano Genovese Spagnolo Greco
Turco Albanese Messina Catania Trento Bari Horvat Horváth Nemeth Tóth Szerb Török Lengyel Orosz Oláh Magyar Bosnić Bosnjak Srbić Srbin
Makedonski Kosovac Kosovar Albanac Grković Turković Nemec Polák Slovák Moravec Čech Novak Kovačević Petrović Jovanović Nikolić Hoxha
Shala Krasniqi Gashi Berisha Kelmendi Ivanov Ivanova Petrov Dimitrova Georgieva Stoyanov Иванов Петрова Георгиев Стојановски Николовска
Јовановић Петровић Silva Santos Ferreira Espanha França Holanda Braga Lisboa Porto Novák Dvořák Svoboda Horák English French German
Holland Ireland Scott Wales Walsh London Paris York Berlin Wien Hamburger Böhm Schweizer Frank Pollak Unger Bayer Sachs Franke""".split()


def names(count: int = 1500, seed: int = 3) -> list[str]:
    draw = random.Random(seed)
    made = dict.fromkeys(f"{draw.choice(GIVEN)} {draw.choice(FAMILY)}" for _ in range(count * 2))
    return list(made)[:count]


if __name__ == "__main__":
    head = "# Made by make_names.py: nobody here exists on purpose.\n"
    Path(__file__).with_name("names.txt").write_text(head + "\n".join(names()) + "\n", encoding="utf-8")
