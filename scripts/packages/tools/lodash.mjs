import _ from 'lodash'

export const job = () => _.groupBy([1, 2, 3, 4], (number) => (number % 2 ? 'odd' : 'even'))
