import mime from 'mime'

export const job = () => [mime.getType('a.json'), mime.getExtension('text/html')]
