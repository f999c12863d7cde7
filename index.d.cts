/** The types of index.js for programs that are CommonJS. index.d.ts says what each of these is. */

export type * from './index.js' with { 'resolution-mode': 'import' }

type Module = typeof import('./index.js', { with: { 'resolution-mode': 'import' } })
export declare const defaultConfig: Module['defaultConfig']
export declare const testConfig: Module['testConfig']
export declare const developmentConfig: Module['developmentConfig']
export declare const productionConfig: Module['productionConfig']
export declare const debugConfig: Module['debugConfig']
export declare const configFromEnv: Module['configFromEnv']
export declare const SUPPORTED_RUNTIME_TYPES: Module['SUPPORTED_RUNTIME_TYPES']
export declare const isValidRuntimeType: Module['isValidRuntimeType']
export declare const isBunAvailable: Module['isBunAvailable']
export declare const ManagerBuilder: Module['ManagerBuilder']
export type ManagerBuilder = InstanceType<Module['ManagerBuilder']>
export declare const Manager: Module['Manager']
export type Manager = InstanceType<Module['Manager']>
export declare const ToolwardenError: Module['ToolwardenError']
export type ToolwardenError = InstanceType<Module['ToolwardenError']>
export declare const ConfigError: Module['ConfigError']
export type ConfigError = InstanceType<Module['ConfigError']>
export declare const ValidationError: Module['ValidationError']
export type ValidationError = InstanceType<Module['ValidationError']>
export declare const ProcessError: Module['ProcessError']
export type ProcessError = InstanceType<Module['ProcessError']>
export declare const ToolExecutionError: Module['ToolExecutionError']
export type ToolExecutionError = InstanceType<Module['ToolExecutionError']>
