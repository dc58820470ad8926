#!/usr/bin/python3
"""solar.tsv: the sun's events by PyEphem 4.1.4 (libastro, VSOP87), found by scanning and halving on its altitude.

PyEphem's own next_rising is not used (it may leave the day); only the altitude and the transit times are asked of it.
"""
import math
from datetime import datetime, timedelta
import ephem
from common import utc, write

PLACES = [(0, 0), (52.52, 13.405), (51.4779, 0), (40.7128, -74.006), (-33.8688, 151.2093), (35.6762, 139.6503), (-23.5505, -46.6333),
          (1.3521, 103.8198), (-36.8485, 174.7633), (64.1466, -21.9426), (59.9139, 10.7522), (65.0121, 25.4651), (69.6492, 18.9553),
          (78.2232, 15.6267), (-54.8019, -68.303), (-77.8419, 166.6863), (-90, 0), (21.3069, -157.8583), (1.8721, -157.4278), (-13.8333, -171.7667),
          (28.6139, 77.209), (-17.7134, 178.065), (52.0, -176.0), (67.9, 179.9)]
DATES = [datetime(*d) for d in [(2026, 3, 20), (2026, 6, 21), (2026, 9, 23), (2026, 11, 25), (2026, 12, 21), (2027, 1, 3), (2027, 2, 14), (2028, 2, 29),
                                (2028, 5, 9), (2030, 7, 26), (2033, 4, 15), (2037, 8, 1), (2040, 12, 31), (2044, 10, 10), (2050, 1, 17), (2056, 11, 3),
                                (2063, 6, 1), (2075, 9, 2), (2088, 3, 1), (2100, 2, 28), (2100, 12, 21)]]
EVENTS = [("dawn_astronomical", -18, 1), ("dawn_nautical", -12, 1), ("dawn_civil", -6, 1), ("sunrise", -50 / 60, 1),
          ("sunset", -50 / 60, -1), ("dusk_civil", -6, -1), ("dusk_nautical", -12, -1), ("dusk_astronomical", -18, -1)]
GRAZE = 0.15  # degrees: if the sun's highest or lowest altitude of the half day is that near the horizon sought, leave the row out


def observer(lat, lon):
    o = ephem.Observer()
    o.lat, o.lon, o.elevation, o.pressure = str(lat), str(lon), 0, 0
    return o


def altitude(o, t):
    o.date = t
    return math.degrees(ephem.Sun(o).alt)


rows, grazing = [], 0
for lat, lon in PLACES:
    o = observer(lat, lon)
    for day in DATES:
        guess = day + timedelta(hours=12 - lon / 15)  # mean noon of the solar day `day`
        flat = abs(lat) == 90
        o.date = guess - timedelta(hours=2)
        noon = o.next_transit(ephem.Sun()).datetime()
        o.date = noon
        lo = o.previous_antitransit(ephem.Sun()).datetime()
        o.date = noon
        hi = o.next_antitransit(ephem.Sun()).datetime()
        if not flat:
            rows.append(["solar_noon", str(lat), str(lon), day.strftime("%Y-%m-%d"), utc(noon + timedelta(seconds=0.5)), "5"])
        for ev, h, way in EVENTS:
            a, b = (lo, noon) if way > 0 else (noon, hi)
            n = 240
            ts = [a + (b - a) * i / n for i in range(n + 1)]
            al = [altitude(o, t) - h for t in ts]
            if min(abs(max(al)), abs(min(al))) < GRAZE or (flat and max(al) * min(al) < 0):
                grazing += 1
                continue
            hit = [i for i in range(n) if (al[i] < 0) != (al[i + 1] < 0)]
            assert len(hit) <= 1
            out, tol = "-", "0"
            if hit:
                x, y = ts[hit[0]], ts[hit[0] + 1]
                assert (al[hit[0]] < 0) == (way > 0)
                rate = abs(al[hit[0] + 1] - al[hit[0]]) / (y - x).total_seconds()
                up = altitude(o, x) < h
                while y - x > timedelta(seconds=0.05):
                    m = x + (y - x) / 2
                    x, y = (m, y) if (altitude(o, m) < h) == up else (x, m)
                out, tol = utc(y + timedelta(seconds=0.5)), str(round(3 + 0.02 / rate))
            rows.append([ev, str(lat), str(lon), day.strftime("%Y-%m-%d"), out, tol])
print("grazing left out:", grazing)
write("solar.tsv", """
The sun's events by PyEphem 4.1.4 (no pressure, elevation 0, sun's CENTRE at the altitude): sunrise/sunset -50', civil -6, nautical -12, astronomical -18 degrees.
Made by gen_solar.py: altitude scanned over the half days between lower and upper transit, then halved to 0.05 s.
Columns: event | lat | lon (east positive) | solar day | time UTC rounded to the second, or - if the sun does not cross that altitude | tolerance in seconds
The solar day is the one whose mean noon is 12:00 - lon/15 h UTC on that date (so near longitude 180 the UTC date of the time may differ); dawn and
sunrise lie between the lower transit before and noon, sunset and dusk between noon and the lower transit after (so may fall on the next UTC date).
Tolerance: 3 s + the time the sun takes to move 0.02 degrees there: meant for a model good to 0.01 degrees (NOAA/Meeus); 3x that for a coarse one.
Left out: where the highest or lowest altitude of the half day is within 0.15 degrees of the one sought; the pole's crossings and noon.
""", rows)
