/** One package that is tried. */
export interface Package {
  /** The name in the registry, or that of the tool module if it is a part of the runtime. */
  name: string
  /** Absent for a part of the runtime: nothing is installed. */
  version?: string
  /** The name in the table, if it differs. */
  title?: string
  /** Other packages that its job needs, with their versions. */
  with?: Record<string, string>
  /** Whether its install step compiles native code. */
  builds?: boolean
  /** The runtimes on which it works at all. Default: both. */
  runtimes?: readonly RuntimeName[]
  needs?: readonly ServiceName[]
  /** The names of the sample files in {data}. */
  files?: readonly string[]
  /** Modules of `tools/` that are copied next to the job, by the names that they get there. */
  beside?: Record<string, string>
  /**
   * The fewest flags it works with, in Bun's syntax. {data}, {out} and {pkg} are directories, {http}, {pg}, {redis},
   * {mysql} and {smtp} ports, {chromium} and {runtime} programs.
   */
  flags: readonly string[]
  /** The value that its job returns. */
  gives: unknown
}
export type RuntimeName = 'bun' | 'node'
export type ServiceName = 'http' | 'smtp' | 'pg' | 'redis' | 'mysql' | 'chromium' | 'git' | 'ffmpeg'

/** The outcome of one call, with places replaced by their names. */
export interface Brief {
  end: 'right' | 'wrong' | 'failed' | 'refused' | 'started' | 'hung'
  said: string
  code: string
  hint: string
  denials: string[]
  ms: number
}
/**
 * The results of one package on one runtime. A package without `minimal` and `climb` does not work without a sandbox
 * either.
 */
export interface Row {
  name: string
  title: string
  version: string
  runtime: RuntimeName
  kept: string[]
  off: Brief
  minimal?: Brief
  climb?: { problem: string; steps: number; flags: string[]; wide: string[]; trail: Array<Brief & { flags: string[] }> }
}
