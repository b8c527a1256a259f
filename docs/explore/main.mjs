// Where it begins: on a page what moves is put in its place, in a worker networks are computed.

import { serve } from "./compute.mjs";
import { asNox } from "./settings.mjs";

if (typeof document === "undefined" && typeof postMessage === "function") serve();
