// Where it begins: on a page what moves is put in its place, in a worker networks are computed.

import { serve } from "./compute.mjs";
import { mountAll } from "./page.mjs";

if (typeof document !== "undefined") mountAll();
else if (typeof postMessage === "function") serve();
