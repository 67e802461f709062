/** What Python and the front end say to each other. Made of schema.json by `npm run build`. */

export type Page = number;

export interface Column {
  key: string;
  sentence: string;
  opens: string;
  closes: string;
}

export interface Still {
  picture_id: string;
}

export type Tab = "curves" | "pictures" | "filters" | "maps" | "confusion";

export interface Picture {
  picture_id: string;
  svg: string;
  description: string;
  table: string[][];
}

export interface Drawing {
  svg: string;
  description: string;
  table: string[][];
  known: Known;
  steps: Step[];
  details: Record<string, Detail>;
  calls: string[];
  foldable: string[];
  folded: string[];
  opened: string[];
  overview: string;
}

export interface Step {
  event: number;
  kind: "forward" | "backward" | "accumulate" | "failure";
  call: number | null;
  keys: string[];
  sentence: string;
}

export interface Detail {
  title: string;
  rows: Row[];
  closed?: string;
  inside?: string;
  measurable?: number;
  grids?: Grid[];
}

export interface Grid {
  what: string;
  shape: number[];
  cells: string[][];
  known: number;
  first?: number[];
  reason?: string;
}

export interface Setting {
  offset: number;
  sizes: number[];
  strides: number[];
}

export interface Limits {
  offset: number;
  size: number;
  least_stride: number;
  stride: number;
  dims: number;
}

export type Known = number[][][];

export type Row = [string, string, number?];

export interface GraphTraits extends Still {
  packed: DataView;
  step: number;
  selected: string;
  folds: Record<string, boolean>;
  node_names: boolean;
  element: number[];
  page: Page;
  reasons: Record<string, string>;
  measured: Record<string, Row[]>;
}

export type GraphToPython = { kind: "measure" };

export interface LedgerTraits extends Picture {
  columns: Column[];
  selected: string;
  opened: string[];
  pages: string[];
  sheet: number;
  page: Page;
}

export interface PredictionTraits extends Still {
  question: string;
  choices: string[];
  verdicts: string[];
  answer: number;
  chosen: number;
}

export interface StorageTraits extends Picture {
  page: Page;
  names: string[];
  sentences: Record<string, string>;
  selected: string;
}

export interface StridesTraits extends Picture {
  page: Page;
  setting: Setting;
  start: Setting;
  limits: Limits;
  call: string;
  spelled: string;
  printed: string;
  problem: string;
  refusal: string;
  sentences: Record<string, string>;
  selected: string;
}

export interface TrainingTraits extends Picture {
  state: "ready" | "running" | "paused" | "stopped" | "interrupted" | "failed" | "finished";
  progress: number;
  tabs: Tab[];
  tab: Tab;
  which: string;
  log_axis: boolean;
  rate: string;
}

export type TrainingToPython =
  | { kind: "pause" | "resume" | "step" | "stop" }
  | { kind: "hello"; number: number }
  | { kind: "look"; tab: Tab }
  | { kind: "turn"; by: number }
  | { kind: "choose"; picture: number }
  | { kind: "scale"; log: boolean }
  | { kind: "rate"; lr: number }
  | { kind: "width"; width: number };

export type TrainingToFrontEnd =
  | { kind: "hello"; number: number };
