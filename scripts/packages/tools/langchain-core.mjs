import { ChatPromptTemplate } from '@langchain/core/prompts'
import { RunnableLambda } from '@langchain/core/runnables'

export async function job() {
  const chain = ChatPromptTemplate.fromTemplate('say {word}').pipe(new RunnableLambda({ func: (value) => value.messages[0].content.toUpperCase() }))
  return chain.invoke({ word: 'hello' })
}
