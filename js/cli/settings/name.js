/** The settings file of a project, beside its entrypoint. */
export const SETTINGS_FILE = 'toolwarden.json'
