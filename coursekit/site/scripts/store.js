// What this browser keeps for its reader: one JSON value in localStorage.
"use strict";
globalThis.course = {};
