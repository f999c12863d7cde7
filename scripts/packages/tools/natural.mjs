import natural from 'natural'

export const job = () => [natural.PorterStemmer.stem('running'), natural.LevenshteinDistance('kitten', 'sitting')]
