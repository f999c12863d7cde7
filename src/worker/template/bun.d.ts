/** The part of Bun's API that the worker uses; its own types are not a dependency. */
interface BunChannel {
  write(bytes: Uint8Array, offset: number, length: number): number
}
interface BunArtifact {
  kind: string
  text(): Promise<string>
  arrayBuffer(): Promise<ArrayBuffer>
}
interface BunApi {
  build(options: object): Promise<{ outputs: BunArtifact[]; logs: { message: string }[]; metafile: { inputs: Record<string, any> } }>
  version: string
  gc(now: boolean): unknown
  mmap(path: string, options: { shared: boolean }): Uint8Array
  fileURLToPath(url: string): string
  resolveSync(specifier: string, directory: string): string
  file(path: URL | string): { text(): Promise<string> }
  Transpiler: new (options: { loader: string }) => { scanImports(code: string): { path: string; kind: string }[]; transformSync(code: string): string }
  plugin(options: { name: string; setup(build: { module(name: string, load: () => { loader: string; contents: string }): unknown }): void }): void
  connect(options: {
    fd: number
    socket: {
      open?(socket: BunChannel): void
      data(socket: BunChannel, bytes: Uint8Array): void
      close?(): void
      end?(): void
      error?(socket: BunChannel, error: unknown): void
    }
  }): unknown
  inspect: {
    (value: unknown, options?: { depth?: number; colors?: boolean }): string
    table(data: unknown, properties?: string[], options?: { colors?: boolean }): string
  }
}
declare const Bun: BunApi
