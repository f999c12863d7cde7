import Handlebars from 'handlebars'

export const job = () => Handlebars.compile('{{#each names}}<{{this}}>{{/each}}')({ names: ['a', 'b'] })
