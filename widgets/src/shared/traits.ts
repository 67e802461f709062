/** What Python and the front end say to each other. Made of schema.json by `npm run build`. */

export interface Column {
  key: string;
  sentence: string;
  opens: string;
  closes: string;
}

export interface Picture {
  picture_id: string;
  svg: string;
  description: string;
  table: string[][];
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
}

export type Known = number[][][];

export type Row = [string, string, number?];

export interface GraphTraits extends Picture {
  known: Known;
  steps: Step[];
  details: Record<string, Detail>;
  calls: string[];
  foldable: string[];
  folded: string[];
  opened: string[];
  overview: string;
  step: number;
  selected: string;
  folds: Record<string, boolean>;
  node_names: boolean;
  measured: Record<string, Row[]>;
}

export type GraphToPython = { kind: "measure" };

export interface LedgerTraits extends Picture {
  columns: Column[];
  selected: string;
  opened: string[];
  pages: string[];
  page: number;
}

export interface StorageTraits extends Picture {
  names: string[];
  sentences: Record<string, string>;
  selected: string;
}

export interface TrainingTraits extends Picture {
  state: "ready" | "running" | "paused" | "stopped" | "interrupted" | "failed" | "finished";
  progress: number;
}

export type TrainingToPython = { kind: "hello" | "pause" | "resume" | "step" | "stop" };
