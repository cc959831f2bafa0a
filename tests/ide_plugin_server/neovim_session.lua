-- What a person does in Neovim, for test_neovim.py: opens a file, looks at the finding, explains it, silences it,
-- takes that back, applies the fix, looks at other files. Writes what was seen as JSON. What it needs to know comes in REVIEWER_SESSION.
local session = vim.fn.json_decode(vim.env.REVIEWER_SESSION)
local WAIT_MS = 60000 -- for a hang only

package.path = session.client .. '/?.lua;' .. package.path

local function wait_for(what, is_so)
  if not vim.wait(WAIT_MS, is_so, 20) then
    error('expected ' .. what .. ', found ' .. vim.inspect(vim.diagnostic.get(0)))
  end
end

local function read_buffer()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n') .. '\n'
end

local function describe(diagnostic)
  local line = vim.api.nvim_buf_get_lines(0, diagnostic.lnum, diagnostic.lnum + 1, false)[1]
  return {
    line = diagnostic.lnum,
    text = line:sub(diagnostic.col + 1, diagnostic.end_col), -- columns are bytes in Neovim
    source = diagnostic.source,
    code = diagnostic.code or diagnostic.user_data.lsp.code, -- 0.7 keeps it there
  }
end

-- Chooses the code action whose title begins so, as a person would in the menu.
local function choose(start)
  vim.ui.select = function(items, options, on_choice)
    for _, item in ipairs(items) do
      if vim.startswith(options.format_item(item), start) then
        return on_choice(item)
      end
    end
    error('expected a code action ' .. start .. ', found ' .. vim.inspect(items))
  end
  local found = vim.diagnostic.get(0)[1]
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
  vim.lsp.buf.code_action()
end

local function is_shown()
  return #vim.diagnostic.get(0) == 1
end

local function is_clear()
  return #vim.diagnostic.get(0) == 0
end

-- How many findings each file has, those that are not open too.
local function count_everywhere()
  local found = {}
  for _, diagnostic in ipairs(vim.diagnostic.get()) do
    local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(diagnostic.bufnr), ':t')
    found[name] = (found[name] or 0) + 1
  end
  return found
end

local function look_at_others(seen)
  for _, what in ipairs({ 'changes', 'workspace' }) do
    vim.cmd('Reviewer ' .. what)
    wait_for('the findings of closed files after ' .. what, function()
      return vim.tbl_count(count_everywhere()) == (what == 'changes' and 2 or 3)
    end)
    seen[what] = count_everywhere()
  end
  vim.cmd('edit ' .. vim.fn.fnameescape(session.other))
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { '' })
  wait_for('one finding, a line further down', function()
    local found = vim.diagnostic.get(0)
    return #found == 1 and found[1].lnum == session.line + 1
  end)
end

local notices = {}
vim.notify = function(text)
  table.insert(notices, text)
end

local function play()
  local seen = { notices = notices }
  require('graph_reviewer').setup({ cmd = { session.reviewer, 'lsp' }, settings = { debounceMs = 50 } })
  vim.cmd('edit ' .. vim.fn.fnameescape(session.file))
  wait_for('a finding', is_shown)
  seen.found = describe(vim.diagnostic.get(0)[1])

  choose('Explain')
  wait_for('a window with the explanation', function()
    return #vim.api.nvim_list_wins() == 2
  end)
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if window ~= vim.api.nvim_get_current_win() then
      local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
      seen.explanation = table.concat(lines, '\n')
      vim.api.nvim_win_close(window, true)
    end
  end

  vim.ui.input = function(_, on_confirm)
    on_confirm(session.reason)
  end
  choose('Suppress')
  wait_for('no finding beside a suppression', is_clear)
  seen.suppressed = read_buffer()
  vim.cmd('undo')
  wait_for('the finding again', is_shown)

  choose('Fix')
  wait_for('no finding after the fix', is_clear)
  seen.mended = read_buffer()

  vim.cmd('Reviewer nonsense')
  vim.cmd('Reviewer file')
  vim.cmd('undo')
  wait_for('the finding once more', is_shown)
  look_at_others(seen)
  return seen
end

local is_good, result = xpcall(play, debug.traceback)
vim.fn.writefile({ vim.fn.json_encode(is_good and result or { error = tostring(result) }) }, session.answer)
vim.cmd('qall!')
