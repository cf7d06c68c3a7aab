// When a question that was answered wrongly comes back: pure functions of what is kept
// of it, of an answer, and of a clock. Nothing here reads the time or the store.
"use strict";
globalThis.course = globalThis.course ?? {};

course.schedule = (() => {
  const DAYS = [1, 3, 7];
  // The day turns at four in the morning where the reader is: what is missed at ten to
  // midnight is for tomorrow, not for ten minutes later.
  const DAWN = 4;
  // What a journey can move the clock by, and more.
  const JOURNEY = 2 * 24 * 3600 * 1000;

  // The dawn that many days after the one before `now`; summer time does not move it.
  function dawn(now, days) {
    const day = new Date(now);
    const night = day.getHours() < DAWN ? 1 : 0;
    const date = day.getDate() - night + days;
    return new Date(day.getFullYear(), day.getMonth(), date, DAWN).getTime();
  }

  const stepOf = (kept) =>
    Math.min(Math.max(Math.trunc(kept?.step ?? 0), 0), DAYS.length);

  const dueAfter = (now, step) => dawn(now, DAYS[Math.min(step, DAYS.length - 1)]);

  // Due later than anything can be that is answered today: the clock was ahead when it
  // was answered, and has been set back since. Such a question is due at once.
  const fromTheFuture = (kept, now) => kept.due > dueAfter(now, stepOf(kept)) + JOURNEY;

  const waits = (kept) => Number.isFinite(kept?.due);

  const isDue = (kept, now) =>
    waits(kept) && (kept.due <= now || fromTheFuture(kept, now));

  // Wrong answers of older visits, which knew no review, and what was on the way when
  // its question left the book for a while, are put on the list.
  function adopted(kept) {
    if (!kept || kept.picks.length === 0 || waits(kept)) return kept;
    const step = kept.right ? stepOf(kept) : 0;
    const learnt = kept.right && (step === 0 || step === DAYS.length);
    return learnt ? kept : { ...kept, step, due: dueAfter(kept.at, step) };
  }

  // What leaves the list because its question left the book, so that it can be adopted.
  const dropped = (kept) => ({ ...kept, due: null, right: kept.right && kept.step > 0 });

  // What an answer does: wrong leads to the first step, right to the next one, but only
  // when the question is due; what was never wrong does not come back.
  function answered(before, right, now) {
    if (!right) return { step: 0, due: dueAfter(now, 0) };
    const kept = adopted(before);
    if (!isDue(kept, now)) return { step: stepOf(kept), due: kept?.due ?? null };
    const step = stepOf(kept) + 1;
    return { step, due: step < DAYS.length ? dueAfter(now, step) : null };
  }

  // What is due, what waits longest first.
  function due(questions, now) {
    const found = Object.entries(questions).filter(([, kept]) => isDue(kept, now));
    return found.sort(([, a], [, b]) => a.due - b.due).map(([id]) => id);
  }

  // When the next one is due that is not yet: its time and how many come that day.
  function next(questions, now) {
    const later = Object.values(questions)
      .filter((kept) => waits(kept) && !isDue(kept, now))
      .map((kept) => kept.due);
    if (later.length === 0) return null;
    const first = Math.min(...later);
    return { at: first, count: later.filter((at) => at < dawn(first, 1)).length };
  }

  // A time as a reader says it: today, tomorrow, yesterday, or a date.
  function said(at, now) {
    const days = Math.round((dawn(at, 0) - dawn(now, 0)) / (24 * 3600 * 1000));
    const near = { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
    const year = new Date(at).getFullYear() === new Date(now).getFullYear();
    const shape = { day: "numeric", month: "long", ...(year ? {} : { year: "numeric" }) };
    return near ?? `on ${new Intl.DateTimeFormat("en-GB", shape).format(at)}`;
  }

  return { DAYS, dawn, isDue, adopted, dropped, answered, due, next, said };
})();
