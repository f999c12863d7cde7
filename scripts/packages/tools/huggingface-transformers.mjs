import { AutoTokenizer, env } from '@huggingface/transformers'

/** A tokenizer from files that are there; its import loads the ONNX runtime and sharp. */
export async function job({ data }) {
  env.allowRemoteModels = false
  env.localModelPath = data
  const tokenizer = await AutoTokenizer.from_pretrained('tiny', { local_files_only: true })
  return tokenizer.encode('hello world').map(Number)
}
