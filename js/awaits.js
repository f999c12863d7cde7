/**
 * An option by which an adapter says that it awaits its call at once. The stack of a failure is then that of the awaiting code, which
 * V8 knows without recording anything. Others need no such option: for them the place of the call is recorded, as long as there are few.
 */
export const AWAITS = Symbol.for('toolwarden.awaits')
