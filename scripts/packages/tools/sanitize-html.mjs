import sanitize from 'sanitize-html'

export const job = () => sanitize('<p onclick="x">a<script>b</script></p>')
