import { optimize } from 'svgo'

export const job = () => optimize('<svg xmlns="http://www.w3.org/2000/svg"><!-- a --><rect width="1" height="1" fill="#ff0000"/></svg>').data
