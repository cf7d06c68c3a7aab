// A study plan: items in order, hours a week and perhaps a first day give weeks. Pure.
"use strict";

course.plan = (() => {
  const DAY = 24 * 60 * 60 * 1000;

  // Weeks of equal length. An item stands in the week in which it begins, and, where
  // at least half an hour of it is left, as going on in those that follow.
  function weeks(items, hours) {
    const length = Math.max(1, Math.round(hours * 60));
    const total = items.reduce((sum, { minutes }) => sum + minutes, 0);
    const made = Array.from({ length: Math.ceil(total / length) }, (_, number) => ({
      number: number + 1,
      minutes: Math.min(length, total - number * length),
      items: [],
      goesOn: [],
    }));
    let at = 0;
    for (const item of items) {
      place(made, item, at, length);
      at += item.minutes;
    }
    return made;
  }

  function place(made, item, begin, length) {
    const end = begin + item.minutes;
    const first = Math.min(Math.floor(begin / length), made.length - 1);
    made[first]?.items.push(item);
    for (let next = first + 1; end - next * length >= 30; next += 1) {
      made[next].goesOn.push(item);
    }
  }

  // Days are counted in UTC, where each has 24 hours: clocks that change move nothing.
  const utc = (day) => Date.parse(`${day}T00:00:00Z`);
  const plus = (day, days) => new Date(utc(day) + days * DAY).toISOString().slice(0, 10);

  function dated(made, start) {
    return made.map((week, index) => ({
      ...week,
      from: start ? plus(start, 7 * index) : null,
      to: start ? plus(start, 7 * index + 6) : null,
    }));
  }

  const spoken = (day) =>
    new Date(utc(day)).toLocaleDateString("en-GB", {
      timeZone: "UTC",
      day: "numeric",
      month: "short",
      year: "numeric",
    });

  // The week in which a day lies, counted from 1; 0 before the first, null without dates.
  function weekOf(start, today) {
    if (!start) return null;
    return Math.max(0, Math.floor((utc(today) - utc(start)) / (7 * DAY)) + 1);
  }

  const escaped = (text) => text.replace(/[\\;,]/g, "\\$&").replace(/\r?\n/g, "\\n");

  // RFC 5545: lines of at most 75 octets, continued by a space.
  function folded(line) {
    const bytes = new TextEncoder();
    const lines = [""];
    for (const sign of line) {
      const room = lines.length === 1 ? 75 : 74;
      if (bytes.encode(lines.at(-1) + sign).length > room) lines.push("");
      lines[lines.length - 1] += sign;
    }
    return lines.join("\r\n ");
  }

  function calendar(made, title, stamp) {
    const compact = (day) => day.replaceAll("-", "");
    const events = made.flatMap(({ number, from, to, items, goesOn }) => [
      "BEGIN:VEVENT",
      `UID:${compact(from)}-${number}@ml-engineer-course`,
      `DTSTAMP:${stamp}`,
      `DTSTART;VALUE=DATE:${compact(from)}`,
      `DTEND;VALUE=DATE:${compact(plus(to, 1))}`,
      `SUMMARY:${escaped(`${title}, week ${number}`)}`,
      `DESCRIPTION:${escaped([...goesOn, ...items].map((item) => item.title).join("\n"))}`,
      "END:VEVENT",
    ]);
    const head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ml-engineer-course//EN"];
    return [...head, ...events, "END:VCALENDAR", ""].map(folded).join("\r\n");
  }

  return { weeks, dated, spoken, weekOf, calendar };
})();
