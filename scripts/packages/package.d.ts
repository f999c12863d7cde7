/** What is known of one package that is tried. */
export interface Package {
  /** Of the registry, or of the tool module where it is a part of the runtime. */
  name: string
  /** Missing for a part of the runtime: nothing is installed. */
  version?: string
  /** How the table calls it, where that is not its name. */
  title?: string
  /** Packages that its job needs beside it, with their versions. */
  with?: Record<string, string>
  /** Its install step compiles native code. */
  builds?: boolean
  /** Where it runs at all. Default: both. */
  runtimes?: readonly RuntimeName[]
  needs?: readonly ServiceName[]
  /** What lies in {data}: names of samples. */
  files?: readonly string[]
  /** Modules of `tools/` that are put beside the job, by the name they get there. */
  beside?: Record<string, string>
  /**
   * The fewest flags it works with, in Bun's words. {data}, {out} and {pkg} are directories, {http}, {pg}, {redis}, {mysql} and
   * {smtp} ports, {chromium} and {runtime} programs.
   */
  flags: readonly string[]
  /** What its job returns. */
  gives: unknown
}
export type RuntimeName = 'bun' | 'node'
export type ServiceName = 'http' | 'smtp' | 'pg' | 'redis' | 'mysql' | 'chromium' | 'git' | 'ffmpeg'

/** How one call went, with places by their names. */
export interface Brief {
  end: 'right' | 'wrong' | 'failed' | 'refused' | 'hung'
  said: string
  code: string
  hint: string
  denials: string[]
  ms: number
}
/** One package on one runtime. What has no `minimal` and `climb` does not work without a sandbox either. */
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
